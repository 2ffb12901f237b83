/**
 * The circuit breaker: Closed → Open → HalfOpen → Closed or Open again, as data.
 *
 * Every opening has a number, the era, and a call carries the era that admitted it; a call that comes back in another
 * era changes nothing. The state holds what happened (when it opened, how often trials failed, the draw of the jitter)
 * and nothing derived from settings, so an edited setting holds at once, for a circuit that is open already too.
 *
 * The state is replaced by a new object exactly when the circuit opens, tries, closes or is reset, and mutated in place
 * otherwise: a closed call allocates nothing, and a caller sees a transition by comparing references.
 */
import type { Random } from '@fusebox/api/clock.ts';
import type { BreakerSettings } from '@fusebox/api/snapshot.ts';
import { clearWindow, newWindow, record, resizeWindow, type SlidingWindow } from './sliding-window.ts';
import { FAILED, NO_VERDICT, type Verdict } from './verdict.ts';

export type CircuitState =
  | { kind: 'closed'; era: number; failuresInRow: number }
  | { kind: 'open'; era: number; openedAtMs: number; failedTrials: number; jitter: number }
  | { kind: 'halfOpen'; era: number; trialStartsMs: number[]; successes: number; failedTrials: number };

type HalfOpen = Extract<CircuitState, { kind: 'halfOpen' }>;

export type OpenReason = 'consecutive-failures' | 'failure-rate' | 'slow-call-rate' | 'trial-failed' | 'trial-overdue';

/** One circuit with its memory. Owned by a route; the functions of this file replace its fields. */
export interface Circuit {
  state: CircuitState;
  window: SlidingWindow;
  /** Why it opened last; null until it has. */
  lastReason: OpenReason | null;
  /** When it last opened, tried, closed or was reset (ms, of the monotonic clock). */
  changedAtMs: number;
  /** Ran in Shadow since it last enforced: Enforce then starts afresh, also when it was Disabled in between. */
  shadowed: boolean;
}

/** `admit`: the call must not pass. */
export const REFUSED = -2;
/** `admit`: the call passes and settling it changes nothing. */
export const UNCOUNTED = -1;

/** What a client is told to wait (ms) while trials decide: nobody can know. */
const TRIAL_RETRY_MS = 1000;

/** A closed circuit that has seen nothing. */
export function newCircuit(settings: BreakerSettings, nowMs: number): Circuit {
  return {
    state: { kind: 'closed', era: 0, failuresInRow: 0 },
    window: newWindow(settings.window),
    lastReason: null,
    changedAtMs: nowMs,
    shadowed: false,
  };
}

/**
 * May one call pass at `nowMs`? The era to carry (≥ 0), `UNCOUNTED` or `REFUSED`. An admitted call must be settled once.
 * In Shadow the answer is the same; the caller lets a refused call pass as `UNCOUNTED`.
 */
export function admit(circuit: Circuit, settings: BreakerSettings, nowMs: number, random: Random): number {
  if (settings.mode === 'Disabled') return UNCOUNTED;
  if (settings.forced !== null) return settings.forced === 'Open' ? REFUSED : circuit.state.era;
  if (circuit.state.kind === 'closed') return circuit.state.era;
  reopenIfOverdue(circuit, settings, nowMs, random);
  if (circuit.state.kind === 'open') {
    if (retryAfterMs(circuit, settings, nowMs) > 0) return REFUSED;
    const { era, failedTrials } = circuit.state;
    moveTo(circuit, { kind: 'halfOpen', era, trialStartsMs: [], successes: 0, failedTrials }, nowMs);
  }
  const state = circuit.state as HalfOpen;
  if (state.trialStartsMs.length >= settings.halfOpenAllowedRequests) return REFUSED;
  state.trialStartsMs.push(nowMs);
  return state.era;
}

/**
 * Counts the end of an admitted call, and opens or closes the circuit if that decides it. `era` is what `admit` answered,
 * `admittedAtMs` the time it was asked: it tells trials apart, and a trial from a call admitted by force. Eight plain
 * arguments rather than an object: this runs for every call and allocates nothing.
 */
// oxlint-disable-next-line max-params
export function settle(
  circuit: Circuit,
  settings: BreakerSettings,
  era: number,
  verdict: Verdict,
  slow: boolean,
  admittedAtMs: number,
  nowMs: number,
  random: Random,
): void {
  const state = circuit.state;
  if (era !== state.era) return;
  if (settings.mode === 'Disabled' || settings.forced !== null) {
    // By hand: facts are kept, the state does not move.
    if (state.kind === 'halfOpen') takeTrial(state, admittedAtMs);
    if (settings.mode !== 'Disabled' && verdict !== NO_VERDICT) recordCall(circuit, verdict, slow, nowMs);
    return;
  }
  if (state.kind === 'closed') {
    if (verdict === NO_VERDICT) return;
    recordCall(circuit, verdict, slow, nowMs);
    const reason = reasonToOpen(state.failuresInRow, circuit.window, settings);
    if (reason !== null) open(circuit, reason, { nowMs, failedTrials: 0, jitter: random() });
  } else if (state.kind === 'halfOpen' && !reopenIfOverdue(circuit, settings, nowMs, random)) {
    if (!takeTrial(state, admittedAtMs) || verdict === NO_VERDICT) return;
    if (verdict === FAILED || (slow && settings.slowCallDurationMs !== null)) {
      open(circuit, 'trial-failed', { nowMs, failedTrials: state.failedTrials + 1, jitter: random() });
    } else if (++state.successes >= settings.halfOpenAllowedRequests) close(circuit, state.era, nowMs);
  }
}

/** How long this opening lasts in all (ms), by today's settings: doubled per failed trial, capped, then stretched by the jitter. */
export function openWaitMs(state: { failedTrials: number; jitter: number }, settings: BreakerSettings): number {
  const capMs = Math.max(settings.maxResetTimeoutMs, settings.resetTimeoutMs);
  const backedOffMs = Math.min(settings.resetTimeoutMs * 2 ** Math.min(state.failedTrials, 60), capMs);
  return backedOffMs * (1 + settings.resetJitter * state.jitter);
}

/** How long a refused client had better wait (ms); 0 when the next call may pass. */
export function retryAfterMs(circuit: Circuit, settings: BreakerSettings, nowMs: number): number {
  if (settings.mode === 'Disabled' || settings.forced === 'Closed') return 0;
  if (settings.forced === 'Open') return settings.resetTimeoutMs;
  const state = circuit.state;
  if (state.kind === 'closed') return 0;
  if (state.kind === 'open') return Math.max(0, state.openedAtMs + openWaitMs(state, settings) - nowMs);
  return TRIAL_RETRY_MS;
}

/**
 * New settings for a running circuit. State, window, era and place in the back-off stay; a resized window keeps its newest
 * part, one of another type starts empty. What ran in Shadow starts `Closed` and empty when it is enforced.
 */
export function applySettings(circuit: Circuit, before: BreakerSettings, after: BreakerSettings, nowMs: number): void {
  circuit.window = resizeWindow(circuit.window, after.window, nowMs);
  if (before.mode === 'Shadow') circuit.shadowed = true;
  if (after.mode === 'Enforce' && circuit.shadowed) {
    circuit.shadowed = false;
    circuit.lastReason = null;
    // A new era: calls that Shadow admitted are stragglers from here on.
    close(circuit, circuit.state.era + 1, nowMs);
  }
}

function recordCall(circuit: Circuit, verdict: Verdict, slow: boolean, nowMs: number): void {
  record(circuit.window, nowMs, verdict === FAILED, slow);
  if (circuit.state.kind !== 'closed') return;
  if (verdict === FAILED) circuit.state.failuresInRow++;
  else circuit.state.failuresInRow = 0;
}

// Division, not multiplication: 7 / 100 and "7 %" are the same double, so a share equal to the threshold opens.
function reasonToOpen(failuresInRow: number, window: SlidingWindow, settings: BreakerSettings): OpenReason | null {
  if (settings.failureThreshold > 0 && failuresInRow >= settings.failureThreshold) return 'consecutive-failures';
  if (window.calls < settings.minimumNumberOfCalls) return null;
  const rate = settings.failureRateThreshold;
  if (rate !== null && window.failures / window.calls >= rate) return 'failure-rate';
  if (settings.slowCallDurationMs === null) return null;
  return window.slow / window.calls >= settings.slowCallRateThreshold ? 'slow-call-rate' : null;
}

/** A trial that has not ended in time counts as a failure at the moment its time was up. Whether the circuit reopened. */
function reopenIfOverdue(circuit: Circuit, settings: BreakerSettings, nowMs: number, random: Random): boolean {
  const state = circuit.state;
  // Trials are in the order of their starts: the first is the oldest.
  const oldestMs = state.kind === 'halfOpen' ? state.trialStartsMs[0] : undefined;
  if (state.kind !== 'halfOpen' || oldestMs === undefined) return false;
  if (nowMs < oldestMs + settings.maxHalfOpenDurationMs) return false;
  const dueMs = oldestMs + settings.maxHalfOpenDurationMs;
  open(circuit, 'trial-overdue', { nowMs: dueMs, failedTrials: state.failedTrials + 1, jitter: random() });
  return true;
}

/** Frees the place of the trial that started at `startMs`; false when there is none (the call was no trial). */
function takeTrial(state: HalfOpen, startMs: number): boolean {
  const place = state.trialStartsMs.indexOf(startMs);
  if (place < 0) return false;
  state.trialStartsMs.splice(place, 1);
  return true;
}

function open(
  circuit: Circuit,
  reason: OpenReason,
  opening: { nowMs: number; failedTrials: number; jitter: number },
): void {
  const { nowMs: openedAtMs, failedTrials, jitter } = opening;
  const era = circuit.state.era + 1;
  moveTo(circuit, { kind: 'open', era, openedAtMs, failedTrials, jitter }, openedAtMs);
  circuit.lastReason = reason;
}

function close(circuit: Circuit, era: number, nowMs: number): void {
  clearWindow(circuit.window);
  moveTo(circuit, { kind: 'closed', era, failuresInRow: 0 }, nowMs);
}

function moveTo(circuit: Circuit, state: CircuitState, nowMs: number): void {
  circuit.state = state;
  circuit.changedAtMs = nowMs;
}
