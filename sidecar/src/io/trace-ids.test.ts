import { expect, test } from 'vitest';
import { newTraceIdSource } from './trace-ids.ts';

test('ids are lower-case hex of the right length, and all different over many refills', () => {
  const source = newTraceIdSource();
  const ids = new Set<string>();
  for (let count = 0; count < 2_000; count += 1) {
    const traceId = source.traceId();
    const spanId = source.spanId();
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    ids.add(traceId).add(spanId);
  }
  expect(ids.size).toBe(4_000);
});

test('an id of zeros is never given', () => {
  let fills = 0;
  const source = newTraceIdSource((pool) => {
    fills += 1;
    pool.fill(fills === 1 ? 0 : 0xab);
  });
  expect(source.traceId()).toBe('ab'.repeat(16));
  expect(fills).toBe(2);
});

test('a draw is at least 0 and below 1', () => {
  expect(newTraceIdSource((pool) => pool.fill(0)).uniform()).toBe(0);
  expect(newTraceIdSource((pool) => pool.fill(0xff)).uniform()).toBeLessThan(1);
  const source = newTraceIdSource();
  const draws = Array.from({ length: 4_000 }, source.uniform);
  expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
});
