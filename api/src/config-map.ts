import Type, { type Static } from 'typebox';

import type { Form } from './schema.ts';
import { CONFIG_LABEL, TARGET_ANNOTATION } from './names.ts';
import { ObjectMetadata } from './object-metadata.ts';
import type { Problem } from './validate.ts';
import { parseWorkloadRef } from './workload-ref.ts';

/** Keys of a labelled ConfigMap that hold settings; every other key is live configuration for the service. */
export const POLICY_KEY = 'policy.yaml';
export const FLAGS_KEY = 'flags.yaml';

/** Keys for the service, with their values. */
export type ConfigKeys = Readonly<Record<string, string>>;

const MAX_VALUE_BYTES = 65_536;
const MAX_TOTAL_BYTES = 262_144;

const target: Form = (text) => (parseWorkloadRef(text) === null ? 'names no workload (like deployment/users)' : null);

/** A ConfigMap as the API server has it; only its label decides whether we read it. */
export const ConfigMapObject = Type.Object(
  {
    apiVersion: Type.Unknown(),
    kind: Type.Unknown(),
    metadata: ObjectMetadata,
    data: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: Type.String({ description: 'A setting.', maxLength: 1_048_576, secret: true }),
      }),
    ),
    binaryData: Type.Optional(Type.Unknown()),
    immutable: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false, rule: { across: ['metadata'], check: targetIsWorkload, cel: [] } },
);
export type ConfigMapObject = Static<typeof ConfigMapObject>;

function targetIsWorkload(object: { metadata: ObjectMetadata }) {
  const text = object.metadata.annotations?.[TARGET_ANNOTATION];
  const complaint = text === undefined ? null : target(text);
  if (complaint === null) return [];
  return [{ path: ['metadata', 'annotations', TARGET_ANNOTATION], message: `${JSON.stringify(text)} ${complaint}` }];
}

/** Does the label of this object, whatever it is, ask us to read it? A label that is no text is a mistake to report. */
export function isLabelled(value: object): boolean {
  const metadata = 'metadata' in value ? value.metadata : null;
  const labels = typeof metadata === 'object' && metadata !== null && 'labels' in metadata ? metadata.labels : null;
  if (typeof labels !== 'object' || labels === null || !Object.hasOwn(labels, CONFIG_LABEL)) return false;
  const label = (labels as Record<string, unknown>)[CONFIG_LABEL];
  return label === 'true' || typeof label === 'boolean';
}

/** The keys that are for the service; null: there are none. */
export function configKeysOf({ data = {} }: ConfigMapObject): ConfigKeys | null {
  const entries = Object.entries(data).filter(([key]) => key !== POLICY_KEY && key !== FLAGS_KEY);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

/** What is too large to stand in every snapshot. */
export function configKeyFaults(keys: ConfigKeys | null): Problem[] {
  let totalBytes = 0;
  const problems: Problem[] = [];
  for (const [key, value] of Object.entries(keys ?? {})) {
    const bytes = bytesOf(value);
    totalBytes += bytes;
    if (bytes <= MAX_VALUE_BYTES) continue;
    problems.push({ path: ['data', key], message: `has ${bytes} bytes, more than the maximum ${MAX_VALUE_BYTES}` });
  }
  if (problems.length === 0 && totalBytes > MAX_TOTAL_BYTES) {
    const message = `has keys for the service with ${totalBytes} bytes together, more than the maximum ${MAX_TOTAL_BYTES}`;
    problems.push({ path: ['data'], message });
  }
  return problems;
}

/** In UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
