import type { BreakerSettings } from '@fusebox/api/snapshot.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakerSettings } from './breaker-settings.fixture.ts';
import { CircuitTruth, type Ticket } from './circuit-truth.fixture.ts';
import { admit, applySettings, newCircuit, REFUSED, settle, UNCOUNTED } from './circuit.ts';
import { advance } from './sliding-window.ts';
import { FAILED, NO_VERDICT, OK } from './verdict.ts';

const VERDICTS = { ok: OK, failed: FAILED, none: NO_VERDICT } as const;

// Rates that binary numbers hold exactly: the truth multiplies where the circuit divides.
const settings: fc.Arbitrary<BreakerSettings> = fc
  .record({
    mode: fc.constantFrom<BreakerSettings['mode']>('Enforce', 'Enforce', 'Enforce', 'Enforce', 'Shadow', 'Disabled'),
    forced: fc.constantFrom<BreakerSettings['forced']>(null, null, null, null, null, null, 'Open', 'Closed'),
    failureThreshold: fc.constantFrom(0, 1, 2, 3),
    failureRateThreshold: fc.constantFrom(null, 0.25, 0.5, 1),
    slowCallRateThreshold: fc.constantFrom(0.5, 1),
    slowCallDurationMs: fc.constantFrom(null, 100),
    window: fc.oneof(
      fc.record({ type: fc.constant('Count' as const), size: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ type: fc.constant('Time' as const), size: fc.integer({ min: 1, max: 4 }) }),
    ),
    minimumNumberOfCalls: fc.integer({ min: 1, max: 5 }),
    resetTimeoutMs: fc.constantFrom(500, 1000),
    maxResetTimeoutMs: fc.constantFrom(500, 1500, 4000),
    resetJitter: fc.constantFrom(0, 0.2),
    halfOpenAllowedRequests: fc.integer({ min: 1, max: 3 }),
    maxHalfOpenDurationMs: fc.constantFrom(999, 1000, 5000),
  })
  .map((changes) => breakerSettings(changes));

const step = fc.record({
  waitMs: fc.constantFrom(0, 0, 0, 0, 1, 499, 500, 999, 1000, 5000),
  act: fc.oneof(
    { weight: 10, arbitrary: fc.constant({ kind: 'start' as const }) },
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        pick: fc.nat(2),
        verdict: fc.constantFrom<keyof typeof VERDICTS>('ok', 'ok', 'ok', 'failed', 'failed', 'none'),
        slow: fc.constantFrom(false, false, false, true),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit' as const), to: settings }) },
  ),
});

/** What the generator must reach often, or the property proves little. */
const MUST_REACH =
  `closed, open, halfOpen, refused, uncounted, admitted closed, admitted halfOpen, straggler, consecutive-failures,
  failure-rate, slow-call-rate, trial-failed, trial-overdue, edit of an open circuit`.split(/,\s+/);

test('whatever happens in whatever order, the circuit is where the design says', () => {
  const reached = new Map<string, number>();
  const count = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
  const draws = [0, 0.5, 0.999];

  fc.assert(
    fc.property(settings, fc.array(step, { minLength: 40, maxLength: 200 }), (first, steps) => {
      let current = first;
      let [realDraws, truthDraws] = [0, 0];
      const random = (): number => draws[realDraws++ % draws.length]!;
      const circuit = newCircuit(current, 0);
      const truth = new CircuitTruth(current, () => draws[truthDraws++ % draws.length]!);
      const inFlight: { ticket: Ticket; era: number }[] = [];
      let nowMs = 0;
      let lastEra = 0;
      for (const { waitMs, act } of steps) {
        nowMs += waitMs;
        if (act.kind === 'start') {
          const expected = truth.admit(nowMs);
          const era = admit(circuit, current, nowMs, random);
          if (typeof expected === 'string') expect(era).toBe(expected === 'refused' ? REFUSED : UNCOUNTED);
          else {
            expect(era).toBeGreaterThanOrEqual(0);
            inFlight.push({ ticket: expected, era });
          }
          count(typeof expected === 'string' ? expected : `admitted ${truth.phase}`);
        } else if (act.kind === 'end' && inFlight.length > 0) {
          // The newest mostly: what is never picked is a lost call, or a straggler much later.
          const [call] = inFlight.splice(Math.max(0, inFlight.length - 1 - act.pick), 1);
          if (call!.ticket.opening < truth.opening) count('straggler');
          truth.settle(call!.ticket, act.verdict, act.slow, nowMs);
          settle(circuit, current, call!.era, VERDICTS[act.verdict], act.slow, call!.ticket.startMs, nowMs, random);
        } else if (act.kind === 'edit') {
          // An edit takes a moment: a call let in by force and a trial never start at the same time.
          nowMs += 1;
          if (truth.phase !== 'closed') count('edit of an open circuit');
          truth.edit(act.to, nowMs);
          applySettings(circuit, current, act.to, nowMs);
          current = act.to;
        }
        const { state } = circuit;
        expect(state.kind).toBe(truth.phase);
        expect(state.era).toBe(truth.opening);
        expect(state.era).toBeGreaterThanOrEqual(lastEra);
        lastEra = state.era;
        if (state.kind === 'closed') expect(state.failuresInRow).toBe(truth.row);
        else expect(state.failedTrials).toBe(truth.failedTrials);
        if (state.kind === 'open') expect([state.openedAtMs, state.jitter]).toEqual([truth.openedAtMs, truth.jitter]);
        if (state.kind === 'halfOpen') expect(state.trialStartsMs).toEqual(truth.trials.map(({ startMs }) => startMs));
        expect(circuit.lastReason).toBe(truth.reason);
        expect(realDraws).toBe(truthDraws);
        advance(circuit.window, nowMs);
        const seen = truth.visible(nowMs);
        const { calls, failures, slow } = circuit.window;
        expect([calls, failures, slow]).toEqual([
          seen.length,
          seen.filter((call) => call.failed).length,
          seen.filter((call) => call.slow).length,
        ]);
        count(state.kind);
        if (truth.reason !== null) count(truth.reason);
      }
    }),
    { numRuns: 500 },
  );
  for (const what of MUST_REACH) expect(reached.get(what) ?? 0, what).toBeGreaterThan(50);
});
