import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newBucketTable, takeFrom } from './bucket-table.ts';
import { newBucket, take, type TokenBucket } from './token-bucket.ts';

const limit = { mode: 'Enforce' as const, requestsPerSecond: 1, burst: 2, per: { kind: 'clientAddress' as const } };
const step = fc.record({ key: fc.constantFrom(...'abcdef'.split('')), waitMs: fc.constantFrom(0, 0, 0, 500, 1000) });

test('the table answers as one bucket for each of the keys used last', () => {
  let evicted = 0;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { minLength: 30, maxLength: 100 }), (maxKeys, steps) => {
      const table = newBucketTable(maxKeys);
      // The test's own table: an array, the oldest first.
      let expected: [string, TokenBucket][] = [];
      let nowMs = 0;
      for (const { key, waitMs } of steps) {
        nowMs += waitMs;
        const bucket = expected.find(([name]) => name === key)?.[1] ?? newBucket(limit, nowMs);
        expected = [...expected.filter(([name]) => name !== key), [key, bucket]];
        if (expected.length > maxKeys) evicted++;
        expected = expected.slice(-maxKeys);
        expect(takeFrom(table, limit, key, nowMs)).toBe(take(bucket, limit, nowMs));
        const order: string[] = [];
        for (let each = table.oldest; each !== null; each = each.newer) order.push(each.key);
        expect(order).toEqual(expected.map(([name]) => name));
        expect([table.buckets.size, table.keyLength]).toEqual([expected.length, expected.length]);
      }
    }),
    { numRuns: 200 },
  );
  expect(evicted).toBeGreaterThan(125);
});
