import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { expect, test } from 'vitest';
import { FlagTally } from '../flag-counts.ts';
import { newFlagMetrics } from './flag-metrics.ts';

const lines = (registry: MetricsRegistry): string[] =>
  registry
    .render()
    .split('\n')
    .filter((line) => line.startsWith('fusebox_'));

test('what is counted beyond a thousand series shares one for each source, until others leave', () => {
  const registry = new MetricsRegistry();
  const metrics = newFlagMetrics(registry);
  const count = (flag: string, variant = 'on') => metrics.counter(flag, 'ofrep', { reason: 'STATIC', variant }).add();
  for (let index = 0; index < 1_100; index++) count(`flag-${index}`);
  count('flag-0');
  metrics.counter('flag-2000', 'gate', { reason: 'STATIC', variant: 'on' }).add();
  expect(lines(registry)).toHaveLength(1_002);
  expect(lines(registry)).toContain(
    'fusebox_flag_evaluations_total{flag="flag-0",source="ofrep",reason="static",variant="on"} 2',
  );
  expect(lines(registry).slice(-2)).toEqual([
    'fusebox_flag_evaluations_total{flag="_other",source="ofrep",reason="_other",variant="_other"} 100',
    'fusebox_flag_evaluations_total{flag="_other",source="gate",reason="_other",variant="_other"} 1',
  ]);
  metrics.keep((flag) => (flag === 'flag-0' ? new Set(['on']) : null));
  expect(lines(registry)).toHaveLength(3);
  count('flag-1099');
  expect(lines(registry).at(-1)).toBe(
    'fusebox_flag_evaluations_total{flag="flag-1099",source="ofrep",reason="static",variant="on"} 1',
  );
});

test('flags that nobody defines share one, and long names of variants another', () => {
  const registry = new MetricsRegistry();
  const metrics = newFlagMetrics(registry);
  for (let index = 0; index < 5; index++) metrics.counter(null, 'ofrep', { reason: 'ERROR', variant: null }).add();
  for (const letter of ['a', 'b']) {
    metrics.counter('long', 'ofrep', { reason: 'STATIC', variant: letter.repeat(129) }).add();
  }
  metrics.keep(() => new Set(['b'.repeat(129)]));
  expect(lines(registry)).toEqual([
    'fusebox_flag_evaluations_total{flag="_unknown",source="ofrep",reason="error",variant=""} 5',
    'fusebox_flag_evaluations_total{flag="long",source="ofrep",reason="static",variant="_other"} 2',
  ]);
});

test('a tally binds each outcome once, and counts it whatever came between', () => {
  const counts = new Map<string, number>();
  let bound = 0;
  const tally = new FlagTally(({ reason, variant }) => {
    bound++;
    const name = `${reason} ${variant}`;
    return { add: () => void counts.set(name, (counts.get(name) ?? 0) + 1) };
  });
  const outcomes = [
    { reason: 'STATIC', variant: 'on' },
    { reason: 'STATIC', variant: 'off' },
    { reason: 'ERROR', variant: null },
    { reason: 'DEFAULT', variant: 'on' },
  ];
  for (let round = 0; round < 3; round++) for (const outcome of [...outcomes, outcomes[0]!]) tally.count(outcome);
  expect(bound).toBe(4);
  expect(Object.fromEntries(counts)).toEqual({ 'STATIC on': 6, 'STATIC off': 3, 'ERROR null': 3, 'DEFAULT on': 3 });
});
