import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { beforeEach, expect, test } from 'vitest';
import { FlagFollowers } from './flag-followers.ts';

let nowMs: number;
let timer: { atMs: number; run: () => void } | null;
let told: number;
let registry: MetricsRegistry;
/** When the flag goes off, and on again; null: it follows nothing any more. */
let off: [fromMs: number, untilMs: number] | null;

beforeEach(() => {
  [nowMs, timer, told, registry, off] = [0, null, 0, new MetricsRegistry(), [100, 300]];
});

const isOffAt = (atMs: number): boolean => off !== null && atMs >= off[0] && atMs < off[1];

const newFollowers = (): FlagFollowers =>
  new FlagFollowers({
    flags: {
      followers: (atMs) => {
        if (off === null) return [];
        const [fromMs, untilMs] = off;
        const changesAtMs = atMs < fromMs ? fromMs : atMs < untilMs ? untilMs : null;
        return [{ key: 'a', circuit: 'inbound/user', isOff: isOffAt(atMs), changesAtMs }];
      },
      isOffWithCircuit: (_key, atMs) => isOffAt(atMs),
    },
    registry,
    timers: {
      after: (delayMs, run) => {
        timer = { atMs: nowMs + delayMs, run };
        return () => (timer = null);
      },
    },
    nowMs: () => nowMs,
    changed: () => (told += 1),
  });

function ring(): void {
  const due = timer!;
  [nowMs, timer] = [due.atMs, null];
  due.run();
}
const shown = (): string | undefined => /fusebox_flag_off_while\{.*\} \d/.exec(registry.render())?.[0];

test('what only time changes is told when it happens, and shown', () => {
  newFollowers().look();
  expect(shown()).toBe('fusebox_flag_off_while{flag="a",circuit="inbound/user"} 0');
  ring();
  expect([nowMs, told]).toEqual([100, 1]);
  expect(shown()).toBe('fusebox_flag_off_while{flag="a",circuit="inbound/user"} 1');
  ring();
  expect([nowMs, told, timer]).toEqual([300, 2, null]);
});

test('a look that finds nothing new tells nobody, and leaves one timer', () => {
  const followers = newFollowers();
  followers.look();
  followers.look();
  expect(told).toBe(0);
  followers.close();
  expect(timer).toBeNull();
});

test('a flag that follows no circuit any more leaves the metrics', () => {
  const followers = newFollowers();
  followers.look();
  off = null;
  followers.look();
  expect(registry.render()).not.toContain('fusebox_flag_off_while');
  off = [0, 10];
  followers.look();
  expect(shown()).toContain(' 1');
});
