import { expect, test } from 'vitest';
import { barChart } from './bar-chart.ts';

const bar = { label: 'a & b', median: 10, min: 5, max: 20, own: true };

test('the longest range reaches the edge of the scale, and the bar ends at the median', () => {
  const chart = barChart('cost', [{ title: 'GET', bars: [bar] }]);
  expect(chart).toContain('x="210" y="68" width="230"');
  expect(chart).toContain('H670');
});

test('text is escaped', () => {
  expect(barChart('a < b', [{ title: 'GET', bars: [bar] }])).toMatch(/a &lt; b(.|\n)*a &amp; b/);
});
