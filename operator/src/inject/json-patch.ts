/** What changed, as a JSON Patch (RFC 6902): the form in which a webhook answers. */
import { isDeepStrictEqual } from 'node:util';

export type PatchOperation = { op: 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string };

/** Operations that make `before` equal to `after`; none where they are equal. Both are JSON. A list whose length changed is replaced whole. */
export function jsonPatch(before: unknown, after: unknown, path = ''): PatchOperation[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((item, index) => jsonPatch(before[index], item, `${path}/${index}`));
  }
  if (!isRecord(before) || !isRecord(after)) return [{ op: 'replace', path, value: after }];
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return [
    ...gone.map((key): PatchOperation => ({ op: 'remove', path: `${path}/${escaped(key)}` })),
    ...Object.entries(after).flatMap(([key, value]): PatchOperation[] => {
      const at = `${path}/${escaped(key)}`;
      return Object.hasOwn(before, key) ? jsonPatch(before[key], value, at) : [{ op: 'add', path: at, value }];
    }),
  ];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 6901 §3. */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
