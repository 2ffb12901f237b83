import { expect, test } from 'vitest';
import { clearBuckets, newBucketTable, takeFrom, type BucketTable } from './bucket-table.ts';

const once = { mode: 'Enforce' as const, requestsPerSecond: 1, burst: 1, per: { kind: 'clientAddress' as const } };

test('each key has a bucket of its own', () => {
  const table = newBucketTable();
  expect([takeFrom(table, once, 'a', 0), takeFrom(table, once, 'b', 0)]).toEqual([0, 0]);
  expect(takeFrom(table, once, 'a', 0)).toBe(1000);
  expect(takeFrom(table, once, 'a', 1000)).toBe(0);
});

test('the key that was longest not used makes room, and comes back with a full bucket', () => {
  const table = newBucketTable(2);
  for (const key of ['a', 'b', 'a', 'c']) takeFrom(table, once, key, 0);
  expect([...table.buckets.keys()].toSorted()).toEqual(['a', 'c']);
  expect(takeFrom(table, once, 'a', 0)).toBe(1000);
  expect(takeFrom(table, once, 'b', 0)).toBe(0);
  expect(table.keyLength).toBe(2);
});

test('never holds more than 10,000 keys', () => {
  const table = newBucketTable();
  for (let i = 0; i < 20_000; i++) takeFrom(table, once, `key-${i}`, 0);
  expect(table.buckets.size).toBe(10_000);
});

test('long keys take each other’s place, not memory', () => {
  const table = newBucketTable();
  for (let i = 0; i < 100; i++) takeFrom(table, once, `${i}`.padEnd(60_000, 'x'), 0);
  expect(table.keyLength).toBeLessThanOrEqual(1_000_000);
  expect(table.buckets.size).toBe(16);
});

test('keys may hold any character', () => {
  const table = newBucketTable();
  takeFrom(table, once, 'é€\u{1f600}', 0);
  expect(takeFrom(table, once, 'é€\u{1f600}', 0)).toBe(1000);
});

test.each<[string, (table: BucketTable) => void]>([
  ['cleared', clearBuckets],
  ['emptied by hand', (table) => table.buckets.clear()],
])('a table that was %s starts afresh', (_name, empty) => {
  const table = newBucketTable(2);
  for (const key of ['a', 'b']) takeFrom(table, once, key, 0);
  empty(table);
  expect(['b', 'c', 'd', 'b'].map((key) => takeFrom(table, once, key, 0))).toEqual([0, 0, 0, 0]);
  expect(table).toMatchObject({ keyLength: 2, oldest: { key: 'd' }, newest: { key: 'b' } });
});
