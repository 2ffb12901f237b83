import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newBucket, take } from './token-bucket.ts';

const settings = fc.record({
  requestsPerSecond: fc.constantFrom(0.1, 0.3, 1, 3, 7, 50, 1000),
  burst: fc.constantFrom(1, 2, 10, 100),
});
const waits = fc.array(fc.constantFrom(0, 0, 0, 0.1, 1, 3, 333.3, 1000, 20_000), { minLength: 30, maxLength: 150 });

test('over any interval no more pass than the burst and what came in', () => {
  let refused = 0;
  fc.assert(
    fc.property(settings, waits, (limit, waitsMs) => {
      const bucket = newBucket(limit, 0);
      const passedMs: number[] = [];
      let nowMs = 0;
      for (const waitMs of waitsMs) {
        nowMs += waitMs;
        if (take(bucket, limit, nowMs) === 0) passedMs.push(nowMs);
        else refused++;
      }
      for (let from = 0; from < passedMs.length; from++) {
        for (let to = from; to < passedMs.length; to++) {
          const cameIn = ((passedMs[to]! - passedMs[from]!) * limit.requestsPerSecond) / 1000;
          expect(to - from + 1).toBeLessThanOrEqual(limit.burst + cameIn + 1e-3);
        }
      }
    }),
    { numRuns: 60 },
  );
  expect(refused).toBeGreaterThan(25);
});

test('whoever waits as long as told is not sent away again, and not told too long', () => {
  let refused = 0;
  fc.assert(
    fc.property(settings, waits, (limit, waitsMs) => {
      const bucket = newBucket(limit, 0);
      let nowMs = 0;
      for (const waitMs of waitsMs) {
        nowMs += waitMs;
        const retryMs = take(bucket, limit, nowMs);
        if (retryMs === 0) continue;
        refused++;
        expect(retryMs).toBeGreaterThan(0);
        expect(retryMs).toBeLessThanOrEqual(1000 / limit.requestsPerSecond + 1e-6);
        // Not for a millionth of a token, which the bucket forgives.
        if (retryMs * limit.requestsPerSecond > 1)
          expect(take({ ...bucket }, limit, nowMs + retryMs * 0.99)).toBeGreaterThan(0);
        expect(take({ ...bucket }, limit, nowMs + retryMs)).toBe(0);
      }
    }),
    { numRuns: 200 },
  );
  expect(refused).toBeGreaterThan(250);
});

test('asking too early takes nothing: who asks often gets as much as who asks rarely', () => {
  fc.assert(
    fc.property(settings, fc.integer({ min: 1, max: 50 }), (limit, asks) => {
      const [eager, patient] = [newBucket(limit, 0), newBucket(limit, 0)];
      for (let i = 0; i < limit.burst; i++) expect(take(eager, limit, 0) + take(patient, limit, 0)).toBe(0);
      const oneMs = 1000 / limit.requestsPerSecond;
      for (let i = 1; i < asks; i++) expect(take(eager, limit, (oneMs * i) / asks)).toBeGreaterThan(0);
      expect([take(eager, limit, oneMs), take(patient, limit, oneMs)]).toEqual([0, 0]);
    }),
  );
});
