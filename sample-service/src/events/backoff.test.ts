import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const backoff = { firstMs: 100, maxMs: 1_000 };

test.each([
  { failures: 1, fullMs: 100 },
  { failures: 2, fullMs: 200 },
  { failures: 4, fullMs: 800 },
  { failures: 5, fullMs: 1_000 },
  { failures: 5_000, fullMs: 1_000 },
])('after $failures failures it is between half of $fullMs ms and all of it', ({ failures, fullMs }) => {
  expect(backoffMs(backoff, failures, () => 0)).toBe(fullMs / 2);
  expect(backoffMs(backoff, failures, () => 0.5)).toBe(fullMs * 0.75);
});
