import { expect, test } from 'vitest';
import { table } from './table.ts';

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  expect(table([['A', 'LONG', 'C'], ['wide', '-', ''], ['x']])).toBe('A     LONG  C\nwide  -\nx\n');
  expect(table([])).toBe('');
});
