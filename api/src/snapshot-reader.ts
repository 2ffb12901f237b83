import { Compile } from 'typebox/compile';

import { knownPart } from './known-part.ts';
import { FLAG_ROUTES, Snapshot } from './snapshot.ts';

// Compiled (13 ms, once), since requests wait while a snapshot is read: interpreted, a thousand routes take 200 ms.
const shape = Compile(Snapshot);

/** Features that a snapshot may require of this version. */
const KNOWN_FEATURES: ReadonlySet<string> = new Set([FLAG_ROUTES]);

/** A snapshot to obey, or why this version cannot. */
export type SnapshotReading = { snapshot: Snapshot } | { faults: string[] };

/**
 * Takes a snapshot from outside (the operator, a file on disk). Fields that this version does not know are dropped, so
 * that a newer operator is obeyed; a snapshot that requires an unknown feature, or has another format, is refused.
 */
export function readSnapshot(value: unknown): SnapshotReading {
  const { format, requires } = Object(value) as Record<string, unknown>;
  if (format !== 1) return { faults: ['format: this version reads format 1 only'] };
  const unknown = (Array.isArray(requires) ? requires : []).filter((feature) => !KNOWN_FEATURES.has(String(feature)));
  if (unknown.length > 0) return { faults: unknown.map((feature) => `requires: ${quote(feature)} is not known here`) };
  if (!shape.Check(value)) return { faults: faultsOf(value) };
  return { snapshot: knownPart(Snapshot, value) };
}

const quote = (feature: unknown): string => (typeof feature === 'string' ? JSON.stringify(feature) : 'a feature');

function faultsOf(value: unknown): string[] {
  const faults = shape.Errors(value).map(({ instancePath, message }) => {
    const path = instancePath.slice(1).replaceAll('/', '.');
    return `${path === '' ? 'snapshot' : path}: ${message}`;
  });
  return [...new Set(faults)];
}
