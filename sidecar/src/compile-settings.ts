import { compile } from '@fusebox/api/compile/compile.ts';
import type { Who } from '@fusebox/api/compile/who.ts';
import { formatFault, readDocuments } from '@fusebox/api/documents.ts';
import type { FileText } from '@fusebox/api/documents.ts';
import type { Settings } from './live-values.ts';

/** What files of settings come to: a snapshot, or everything that is wrong with them. */
export type SettingsResult = (Settings & { warnings: string[] }) | { faults: string[]; warnings: string[] };

/**
 * The documents of all files as one snapshot. A single fault refuses them all, since files that are edited together are meant
 * together. Pure.
 */
export function compileSettings(files: readonly FileText[], who: Who): SettingsResult {
  const { documents, faults, warnings } = readDocuments(files);
  if (faults.length > 0) return { faults: faults.map(formatFault), warnings };
  const { snapshot, blobs, conflicts, ...compiled } = compile(documents, who);
  const lost = conflicts.map(({ message }) => message);
  return { snapshot, blobs, warnings: [...warnings, ...compiled.warnings, ...lost] };
}
