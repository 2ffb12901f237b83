import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { StillTimer } from './timer-wheel.fixture.ts';
import { TICK_MS, TimerWheel } from './timer-wheel.ts';

const ALARMS = 6;
const pick = fc.nat(ALARMS - 1);
const waitMs = fc.constantFrom(-50, 0, 0.5, 9, 10, 11, 500, 2_000, 10_229, 10_230, 10_240, 15_000, 60_000);
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), alarm: pick, waitMs }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), alarm: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), alarm: pick }) },
);
const step = fc.oneof(
  { weight: 5, arbitrary: act },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      byMs: fc.constantFrom(0.25, 1, 10, 90, 700, 3_000, 11_000, 70_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stall' as const), byMs: fc.constantFrom(5, 300, 25_000) }) },
);

/** The test's own idea of an alarm: when it is to ring, and when that was said. */
interface Expected {
  atMs: number;
  saidMs: number;
}

test('no alarm rings early, more than a tick late, or without having been set, whatever alarms do when they ring', () => {
  const reached = new Map<string, number>();
  const count = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      fc.boolean(),
      fc.array(step, { minLength: 40, maxLength: 120 }),
      fc.array(fc.array(act, { maxLength: 3 }), { minLength: 1, maxLength: 20 }),
      (startMs, wholeMs, steps, whenRung) => {
        const timer = new StillTimer(startMs, wholeMs);
        const wheel = new TimerWheel(timer);
        const expected: (Expected | null)[] = Array.from({ length: ALARMS }, () => null);
        /** The system's timer itself may be so late (ms). */
        const slackMs = wholeMs ? 1 : 1e-6;
        /** A stall excuses lateness until here. */
        let excusedUntilMs = -Infinity;
        let rings = 0;
        const alarms = expected.map((_, index) =>
          wheel.alarm(() => {
            const { atMs, saidMs } = expected[index]!;
            const nowMs = timer.nowMs();
            expected[index] = null;
            expect(nowMs).toBeGreaterThanOrEqual(atMs);
            const latestMs = Math.max(atMs, saidMs) + TICK_MS + slackMs;
            if (nowMs > excusedUntilMs) expect(nowMs).toBeLessThanOrEqual(latestMs);
            // Bounded, or an alarm that sets itself at once rings all day.
            const acts = ++rings > 100 ? [] : whenRung[rings % whenRung.length]!;
            if (acts.length > 0) count('acted when rung');
            for (const each of acts) perform(each);
          }),
        );
        const perform = (what: (typeof steps)[number]): void => {
          if (what.kind === 'advance') timer.advance(what.byMs);
          else if (what.kind === 'stall') {
            timer.stall(what.byMs);
            excusedUntilMs = timer.nowMs() + slackMs;
            timer.advance(0);
          } else if (what.kind === 'set') {
            const nowMs = timer.nowMs();
            count(expected[what.alarm] === null ? 'set' : 'moved');
            expected[what.alarm] = { atMs: nowMs + what.waitMs, saidMs: nowMs };
            alarms[what.alarm]!.set(nowMs + what.waitMs);
          } else {
            expected[what.alarm] = null;
            alarms[what.alarm]![what.kind]();
            count(what.kind);
          }
        };
        for (const each of steps) {
          perform(each);
          // Nothing that is overdue is still silent.
          for (const one of expected) {
            if (one === null || timer.nowMs() <= excusedUntilMs) continue;
            expect(timer.nowMs()).toBeLessThanOrEqual(Math.max(one.atMs, one.saidMs) + TICK_MS + slackMs);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
  for (const what of ['set', 'moved', 'clear', 'remove', 'acted when rung']) {
    expect(reached.get(what) ?? 0, what).toBeGreaterThan(125);
  }
});
