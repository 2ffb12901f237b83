import { expect, test } from 'vitest';
import { quantile } from './quantiles.ts';

test.each([
  [[7], 0.5, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
  [Array.from({ length: 100 }, (_, at) => at + 1), 0.99, 99],
])('of %j the share %d does not exceed %d', (sorted, of, expected) => {
  expect(quantile(sorted, of)).toBe(expected);
});
