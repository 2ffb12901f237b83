import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const backoff = { baseMs: 200, maxMs: 10_000 };
const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('a wait is at least half of what the doubling says, and never above the ceiling', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), chance, (failures, draw) => {
      const waitMs = backoffMs(backoff, failures, () => draw);
      let doubledMs = 200;
      for (let n = 1; n < failures && doubledMs < 10_000; n += 1) doubledMs *= 2;
      const ceilingMs = Math.min(doubledMs, 10_000);
      expect(waitMs).toBeGreaterThanOrEqual(ceilingMs / 2);
      expect(waitMs).toBeLessThanOrEqual(ceilingMs);
    }),
  );
});

test('two that fail together do not come back together', () => {
  expect(backoffMs(backoff, 3, () => 0)).toBe(400);
  expect(backoffMs(backoff, 3, () => 0.5)).toBe(600);
});
