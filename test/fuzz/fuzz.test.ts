/** A short run of `make fuzz`, with another seed each time. */
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

/** How long it takes at most (ms); the counts below are reached on a slow machine. */
const RUN_MS = 4_000;

test('codec and exchanges hold what the reference says, for cases that nobody has thought of', () => {
  const seed = Math.floor(Math.random() * 0x1_0000_0000);
  const tally = fuzz({ seed, stream: 0, cases: Infinity, untilMs: performance.now() + RUN_MS });
  expect(tally.findings, `seed ${seed}`).toEqual([]);
  expect(tally.codec).toBeGreaterThan(4_000);
  expect(tally.behaviours).toBeGreaterThan(1_000);
});
