/**
 * A flag that follows a circuit is off while the circuit is open, and on again when its wait is over: only then do trials have
 * traffic. `for` and `recoverAfter` need to know when the circuit opened and when its wait ended, also after it has moved on, so
 * a route remembers its last open period. Facts only: how long the wait is follows from the settings in force.
 */
import type { BreakerSettings, FlagDefinition } from '@fusebox/api/snapshot.ts';
import { openWaitMs, type Circuit, type CircuitState } from './circuit.ts';

export type OffWhile = NonNullable<FlagDefinition['offWhile']>;

/** The last time that a circuit was open. */
export interface OpenPeriod {
  /** When it left `Closed`; trials that failed since do not count as an end. */
  readonly brokenSinceMs: number;
  readonly open: Extract<CircuitState, { kind: 'open' }>;
  /** When it went on to trials or closed; null: not yet. */
  readonly endedAtMs: number | null;
}

/** What to remember after the circuit has changed. */
export function rememberOpening(before: OpenPeriod | null, { state }: Circuit, nowMs: number): OpenPeriod | null {
  if (state.kind === 'open') {
    const goesOn = before !== null && state.failedTrials > 0;
    const brokenSinceMs = goesOn ? before.brokenSinceMs : state.openedAtMs;
    return { brokenSinceMs, open: { ...state }, endedAtMs: null };
  }
  return before === null || before.endedAtMs !== null ? before : { ...before, endedAtMs: nowMs };
}

/** A circuit with what is remembered of it. */
export interface FollowedCircuit {
  readonly circuit: Circuit;
  readonly breaker: BreakerSettings;
  readonly opening: OpenPeriod | null;
}

/** Is the flag off at `nowMs`? A circuit in Shadow, or Disabled, refuses nothing and turns no flag off. */
export function isOff(followed: FollowedCircuit, rule: OffWhile, nowMs: number): boolean {
  const { breaker } = followed;
  if (breaker.mode !== 'Enforce') return false;
  if (breaker.forced !== null) return breaker.forced === 'Open';
  const times = offTimes(followed, rule);
  return times !== null && nowMs >= times.fromMs && nowMs < times.untilMs;
}

/** When `isOff` next changes by itself, as far as it can be known; null: not before the circuit or the settings change. */
export function nextChangeMs(followed: FollowedCircuit, rule: OffWhile, nowMs: number): number | null {
  const { mode, forced } = followed.breaker;
  const times = mode === 'Enforce' && forced === null ? offTimes(followed, rule) : null;
  if (times === null || nowMs >= times.untilMs) return null;
  return nowMs < times.fromMs ? times.fromMs : times.untilMs;
}

function offTimes(
  { circuit, breaker, opening }: FollowedCircuit,
  { forMs, recoverAfterMs }: OffWhile,
): { fromMs: number; untilMs: number } | null {
  // Closed although its end was never told: an edit has reset it.
  if (opening === null || (opening.endedAtMs === null && circuit.state.kind === 'closed')) return null;
  const { open, brokenSinceMs, endedAtMs } = opening;
  const endMs = Math.min(open.openedAtMs + openWaitMs(open, breaker), endedAtMs ?? Infinity);
  const fromMs = Math.max(open.openedAtMs, brokenSinceMs + forMs);
  return fromMs < endMs ? { fromMs, untilMs: endMs + recoverAfterMs } : null;
}
