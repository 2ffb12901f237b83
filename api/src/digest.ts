import { createHash } from 'node:crypto';

/**
 * JSON with the keys of every object sorted by code unit and no white space, as RFC 8785 has it: two values that mean
 * the same give the same text. Fields that are `undefined` are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** `sha256:` and 64 hex digits over the canonical form: equal meaning, equal digest. */
export const digestOf = (value: unknown): string => digestOfBytes(canonicalJson(value));

/** `sha256:` and 64 hex digits over these bytes; a text counts in UTF-8. */
export function digestOfBytes(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
