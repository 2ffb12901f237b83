import { describe, expect, test } from 'vitest';
import { median, quantile, showMs } from './statistics.ts';

describe('the statistics of the demo', () => {
  test.each([
    [[5], 0.5, 5],
    [[9, 1, 5], 0.5, 5],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99, 10],
    [[], 0.5, Number.NaN],
  ])('of %j the share %f lies below %f', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected);
  });

  test('the median leaves its values as they were', () => {
    const values = [3, 1, 2];
    expect(median(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });

  test.each([
    [0.44, '0.4 ms'],
    [251.7, '252 ms'],
    [Number.NaN, '–'],
  ])('%f is shown as %s', (ms, text) => expect(showMs(ms)).toBe(text));
});
