import { expect, test } from 'vitest';
import { silentLog } from './log.ts';
import { createShutdown } from './shutdown.ts';

function prepare(close: () => Promise<void>) {
  const exits: number[] = [];
  const timers = new Map<number, () => void>();
  const seen = { cuts: 0 };
  const stop = createShutdown({
    service: { close, cut: () => seen.cuts++ },
    withinMs: () => 10_000,
    log: silentLog,
    after(delayMs, run) {
      timers.set(delayMs, run);
      return () => {};
    },
    exit: (code) => exits.push(code),
  });
  return { stop, exits, timers, seen };
}
const forever = (): Promise<void> => new Promise(() => {});

test('what was finished in time ends with 0', async () => {
  const { stop, exits } = prepare(() => Promise.resolve());
  stop('SIGTERM');
  await Promise.resolve();
  expect(exits).toEqual([0]);
});

test('connections are cut at half time, and at the end of it the process ends with 1', () => {
  const { stop, exits, timers, seen } = prepare(forever);
  stop('SIGTERM');
  timers.get(5_000)!();
  expect([seen.cuts, exits]).toEqual([1, []]);
  timers.get(10_000)!();
  expect(exits).toEqual([1]);
});

test('the second signal ends it at once', () => {
  const { stop, exits } = prepare(forever);
  stop('SIGINT');
  expect(exits).toEqual([]);
  stop('SIGINT');
  expect(exits).toEqual([1]);
});

test('a part that cannot be closed makes the exit code 1', async () => {
  const { stop, exits } = prepare(() => Promise.reject(new Error('stuck')));
  stop('SIGTERM');
  await Promise.resolve();
  expect(exits).toEqual([1]);
});
