import { expect, test } from 'vitest';
import { ReportRate } from './report-rate.ts';

test('a pod reports fifty times at once, then twenty times a second; others are not concerned', () => {
  const rate = new ReportRate();
  const taken = (pod: string, nowMs: number): number =>
    Array(100)
      .fill(0)
      .filter(() => rate.take(pod, nowMs)).length;
  expect(taken('a', 0)).toBe(50);
  expect(taken('a', 0)).toBe(0);
  expect(taken('b', 0)).toBe(50);
  expect(taken('a', 1_000)).toBe(20);
  expect(taken('a', 60_000)).toBe(50);
});
