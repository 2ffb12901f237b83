import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { advance, clearWindow, newWindow, record, resizeWindow } from './sliding-window.ts';

interface Call {
  atMs: number;
  failed: boolean;
  slow: boolean;
}

const settings = fc.oneof(
  fc.record({ type: fc.constant('Count' as const), size: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ type: fc.constant('Time' as const), size: fc.integer({ min: 1, max: 5 }) }),
);
const step = fc.record({
  waitMs: fc.constantFrom(0, 0, 1, 499, 999, 1000, 1001, 2500, 60_000),
  act: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ kind: fc.constant('call' as const), failed: fc.boolean(), slow: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('resize' as const), to: settings }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  ),
});

/** The test's own truth: every call there was, and who would still be seen now. */
function visible(history: Call[], window: { type: string; size: number }, nowMs: number): Call[] {
  if (window.type === 'Count') return history.slice(-window.size);
  return history.filter((call) => Math.floor(call.atMs / 1000) > Math.floor(nowMs / 1000) - window.size);
}

test('the totals are those of a recount, through every resize and clear', () => {
  let dropped = 0;
  fc.assert(
    fc.property(settings, fc.array(step, { minLength: 20, maxLength: 120 }), (first, steps) => {
      let current = first;
      let window = newWindow(current);
      let history: Call[] = [];
      let nowMs = 0;
      for (const { waitMs, act } of steps) {
        nowMs += waitMs;
        if (act.kind === 'call') {
          history.push({ atMs: nowMs, failed: act.failed, slow: act.slow });
          record(window, nowMs, act.failed, act.slow);
        } else if (act.kind === 'clear') {
          history = [];
          clearWindow(window);
        } else if (act.kind === 'resize') {
          history = act.to.type === current.type ? visible(history, current, nowMs) : [];
          current = act.to;
          window = resizeWindow(window, current, nowMs);
        } else advance(window, nowMs);
        if (act.kind === 'resize') advance(window, nowMs);
        const before = history.length;
        if (act.kind !== 'clear') history = visible(history, current, nowMs);
        dropped += before - history.length;
        expect([window.calls, window.failures, window.slow]).toEqual([
          history.length,
          history.filter((call) => call.failed).length,
          history.filter((call) => call.slow).length,
        ]);
      }
    }),
    { numRuns: 400 },
  );
  expect(dropped).toBeGreaterThan(250);
});
