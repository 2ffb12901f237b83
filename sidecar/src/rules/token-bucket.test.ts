import { expect, test } from 'vitest';
import { newBucket, take } from './token-bucket.ts';

const settings = { requestsPerSecond: 2, burst: 3 };

test('a new bucket is full: a burst passes at once, then one per interval', () => {
  const bucket = newBucket(settings, 0);
  expect([take(bucket, settings, 0), take(bucket, settings, 0), take(bucket, settings, 0)]).toEqual([0, 0, 0]);
  expect(take(bucket, settings, 0)).toBe(500);
  expect(take(bucket, settings, 499)).toBeCloseTo(1);
  expect(take(bucket, settings, 500)).toBe(0);
  expect(take(bucket, settings, 500)).toBe(500);
});

test('an idle bucket fills to its burst and no further', () => {
  const bucket = newBucket(settings, 0);
  take(bucket, settings, 0);
  for (let i = 0; i < 3; i++) expect(take(bucket, settings, 1e9)).toBe(0);
  expect(take(bucket, settings, 1e9)).toBeGreaterThan(0);
});

test('a lowered burst holds at once', () => {
  const bucket = newBucket({ ...settings, burst: 100 }, 0);
  expect(take(bucket, { ...settings, burst: 1 }, 0)).toBe(0);
  expect(take(bucket, { ...settings, burst: 1 }, 0)).toBe(500);
});

test('a clock that stepped back brings no tokens', () => {
  const bucket = newBucket({ requestsPerSecond: 1, burst: 1 }, 1000);
  take(bucket, { requestsPerSecond: 1, burst: 1 }, 1000);
  expect(take(bucket, { requestsPerSecond: 1, burst: 1 }, 0)).toBe(1000);
  expect(take(bucket, { requestsPerSecond: 1, burst: 1 }, 1500)).toBe(500);
});

test('less than one request a second is possible', () => {
  const rare = { requestsPerSecond: 0.1, burst: 1 };
  const bucket = newBucket(rare, 0);
  take(bucket, rare, 0);
  expect(take(bucket, rare, 0)).toBe(10_000);
});
