import { expect, test } from 'vitest';
import { spread } from './median.ts';
import { machine } from './machine.ts';
import { atLeast, atMost, noise, table, withRange } from './report.ts';

test.each([
  [[3], { median: 3, min: 3, max: 3 }],
  [[5, 1, 2], { median: 2, min: 1, max: 5 }],
  [[10, 1, 2, 4], { median: 3, min: 1, max: 10 }],
])('the spread of %j is %j', (values, expected) => {
  expect(spread(values)).toEqual(expected);
});

test('a value is shown with its range', () => {
  expect(withRange({ median: 2, min: 1, max: 5 }, 1)).toBe('2.0 (1.0–5.0)');
});

test('the columns of a table are aligned', () => {
  expect(table(['proxy', 'µs'], [['a', '24.5']])).toBe('| proxy |   µs |\n| ----- | ---: |\n| a     | 24.5 |');
});

test('a busy machine is told of, a quiet one is not', () => {
  expect(noise({ ...machine(), loadBefore: 4.7 })).toContain('load average was 4.7');
  expect(noise({ ...machine(), loadBefore: 0.2 })).toBe('');
});

test('what was found is held against its target', () => {
  expect(atMost('wait, ms', 5, 5)).toBe('wait, ms = 5.00 (target ≤ 5.00): met');
  expect(atMost('wait, ms', 5.2, 5)).toBe('wait, ms = 5.20 (target ≤ 5.00): MISSED');
  expect(atLeast('ours / plain', 0.8, 0.8)).toBe('ours / plain = 0.80 (target ≥ 0.80): met');
  expect(atLeast('ours / plain', 0.7, 0.8)).toBe('ours / plain = 0.70 (target ≥ 0.80): MISSED');
});
