import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlobTable } from './blob-table.ts';

const step = fc.record({
  source: fc.constantFrom('a', 'b', 'c'),
  values: fc.uniqueArray(fc.constantFrom('', 'x', 'yy', 'zzz'), { maxLength: 4 }),
});

/** A copy of its own each time, as from a parsed object. */
const blobsOf = (values: readonly string[]): Map<string, Uint8Array> =>
  new Map(values.map((value) => [`sha256:${value}`, new TextEncoder().encode(value)]));

test('what some source holds is kept once, and everybody has the same bytes; the rest is gone', () => {
  let shared = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const table = new BlobTable();
      const held = new Map<string, Map<string, Uint8Array>>();
      for (const { source, values } of steps) {
        const blobs = blobsOf(values);
        table.hold(source, blobs);
        held.set(source, blobs);
        const all = [...held.values()].flatMap((one) => [...one]);
        const distinct = new Map(all);
        expect(table.sizes).toEqual({
          values: distinct.size,
          bytes: [...distinct.values()].reduce((sum, bytes) => sum + bytes.length, 0),
        });
        for (const [digest, bytes] of all) expect(distinct.get(digest)).toBe(bytes);
        for (const value of values) expect(new TextDecoder().decode(blobs.get(`sha256:${value}`))).toBe(value);
        if (all.length > distinct.size) shared += 1;
      }
    }),
  );
  expect(shared).toBeGreaterThan(100);
});
