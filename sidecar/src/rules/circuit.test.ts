import type { BreakerSettings } from '@fusebox/api/snapshot.ts';
import { describe, expect, test } from 'vitest';
import { breakerSettings } from './breaker-settings.fixture.ts';
import {
  admit,
  applySettings,
  newCircuit,
  openWaitMs,
  REFUSED,
  retryAfterMs,
  settle,
  UNCOUNTED,
  type Circuit,
} from './circuit.ts';
import { FAILED, NO_VERDICT, OK, type Verdict } from './verdict.ts';

const noJitter = (): number => 0;

/** One whole call: in and out at the same time. */
function call(circuit: Circuit, settings: BreakerSettings, verdict: Verdict, nowMs = 0, slow = false): number {
  const era = admit(circuit, settings, nowMs, noJitter);
  if (era >= 0) settle(circuit, settings, era, verdict, slow, nowMs, nowMs, noJitter);
  return era;
}
function calls(circuit: Circuit, settings: BreakerSettings, outcomes: string): void {
  for (const outcome of outcomes) call(circuit, settings, outcome === 'x' ? FAILED : OK, 0, outcome === 's');
}
function openCircuit(settings: BreakerSettings, nowMs = 0): Circuit {
  const circuit = newCircuit(settings, 0);
  for (let i = 0; i < settings.failureThreshold; i++) call(circuit, settings, FAILED, nowMs);
  expect(circuit.state.kind).toBe('open');
  return circuit;
}

describe('closed', () => {
  const count10 = { window: { type: 'Count' as const, size: 10 }, failureThreshold: 0, minimumNumberOfCalls: 10 };
  // Reference: rates as Resilience4j documents them. x failed, s slow, . fine
  test.each<[string, Partial<BreakerSettings>, string, string | null]>([
    ['failures in a row open it', { failureThreshold: 3 }, 'xx.xxx', 'consecutive-failures'],
    ['one fewer does not', { failureThreshold: 3 }, 'xx.xx', null],
    ['0 turns that rule off', { failureThreshold: 0 }, 'xxxxxxxxxxxxxxxxxxx', null],
    ['a rate equal to the threshold opens', count10, 'x.x.x.x.x.', 'failure-rate'],
    ['a rate below it does not', count10, 'x.x.x.x...', null],
    ['9 calls of a minimum of 10 never open by rate', count10, 'xxxxxxxxx', null],
    ['the tenth may be a success', count10, 'xxxxxxxxx.', 'failure-rate'],
    ['only the last 10 count', count10, 'xxxx......x', null],
    ['old successes leave the window', count10, '.....xxxx.x', 'failure-rate'],
    ['no rate, no rule', { ...count10, failureRateThreshold: null }, 'xxxxxxxxxx', null],
    [
      '7 of 100 is 7 %',
      { ...count10, window: { type: 'Count', size: 100 }, minimumNumberOfCalls: 100, failureRateThreshold: 0.07 },
      `${'x'.repeat(7)}${'.'.repeat(93)}`,
      'failure-rate',
    ],
    [
      'slow successes open it',
      { ...count10, slowCallDurationMs: 100, slowCallRateThreshold: 0.3 },
      's.s.s.....',
      'slow-call-rate',
    ],
    ['slow calls without that rule do not', { ...count10, slowCallRateThreshold: 0.3 }, 'ssssssssss', null],
  ])('%s', (_name, changes, outcomes, reason) => {
    const settings = breakerSettings(changes);
    const circuit = newCircuit(settings, 0);
    calls(circuit, settings, outcomes);
    expect(circuit.lastReason).toBe(reason);
    expect(circuit.state.kind).toBe(reason === null ? 'closed' : 'open');
  });

  test('a call without a verdict counts neither way', () => {
    const circuit = newCircuit(breakerSettings(), 0);
    call(circuit, breakerSettings(), FAILED);
    call(circuit, breakerSettings(), NO_VERDICT);
    expect(circuit.state).toEqual({ kind: 'closed', era: 0, failuresInRow: 1 });
    expect(circuit.window.calls).toBe(1);
  });

  test('calls that outlive the opening change nothing', () => {
    const settings = breakerSettings({ failureThreshold: 1 });
    const circuit = newCircuit(settings, 0);
    const straggler = admit(circuit, settings, 0, noJitter);
    call(circuit, settings, FAILED);
    const opened = structuredClone(circuit);
    settle(circuit, settings, straggler, FAILED, false, 0, 10, noJitter);
    expect(circuit).toEqual(opened);
  });

  test('allocates no new state for a call', () => {
    const circuit = newCircuit(breakerSettings(), 0);
    const before = circuit.state;
    calls(circuit, breakerSettings(), 'x.x.');
    expect(circuit.state).toBe(before);
    expect(retryAfterMs(circuit, breakerSettings(), 0)).toBe(0);
  });
});

describe('open', () => {
  test('refuses until the wait is over, then tries', () => {
    const settings = breakerSettings();
    const circuit = openCircuit(settings, 100);
    expect(retryAfterMs(circuit, settings, 100)).toBe(5000);
    expect(admit(circuit, settings, 5099, noJitter)).toBe(REFUSED);
    expect(retryAfterMs(circuit, settings, 5099)).toBe(1);
    expect(admit(circuit, settings, 5100, noJitter)).toBe(1);
    expect(circuit.state.kind).toBe('halfOpen');
    expect(retryAfterMs(circuit, settings, 5100)).toBe(1000);
  });

  test.each([
    [0, 0, 1000],
    [1, 0, 2000],
    [3, 0, 8000],
    [4, 0, 10_000],
    [5000, 0, 10_000],
    [1, 1, 2400],
    [9, 0.5, 11_000],
  ])('after %d failed trials, with a draw of %d, it waits %d ms', (failedTrials, jitter, waitMs) => {
    const settings = breakerSettings({ resetTimeoutMs: 1000, maxResetTimeoutMs: 10_000, resetJitter: 0.2 });
    expect(openWaitMs({ failedTrials, jitter }, settings)).toBeCloseTo(waitMs, 6);
  });

  test('a maximum below the first wait counts as that wait', () => {
    const settings = breakerSettings({ resetTimeoutMs: 1000, maxResetTimeoutMs: 10 });
    expect(openWaitMs({ failedTrials: 2, jitter: 0 }, settings)).toBe(1000);
  });

  test('an edit of the wait holds at once', () => {
    const settings = breakerSettings();
    const circuit = openCircuit(settings);
    const shorter = breakerSettings({ resetTimeoutMs: 1000 });
    applySettings(circuit, settings, shorter, 500);
    expect(admit(circuit, shorter, 999, noJitter)).toBe(REFUSED);
    expect(admit(circuit, shorter, 1000, noJitter)).toBe(1);
  });
});

describe('half-open', () => {
  const settings = breakerSettings();
  function trying(trials: number): Circuit {
    const circuit = openCircuit(settings);
    for (let i = 0; i < trials; i++) expect(admit(circuit, settings, 5000 + i, noJitter)).toBe(1);
    return circuit;
  }

  test('lets no more trials through at once than allowed', () => {
    expect(admit(trying(3), settings, 5010, noJitter)).toBe(REFUSED);
  });

  test('closes after that many successes, with an empty window and in the same era', () => {
    const circuit = trying(3);
    for (let i = 0; i < 3; i++) settle(circuit, settings, 1, OK, false, 5000 + i, 5100 + i, noJitter);
    expect(circuit.state).toEqual({ kind: 'closed', era: 1, failuresInRow: 0 });
    expect(circuit.window.calls).toBe(0);
    expect(circuit.changedAtMs).toBe(5102);
  });

  test('counts trials that end after it closed as ordinary calls', () => {
    const circuit = trying(3);
    settle(circuit, settings, 1, OK, false, 5000, 5100, noJitter);
    expect(admit(circuit, settings, 5101, noJitter)).toBe(1);
    settle(circuit, settings, 1, OK, false, 5001, 5102, noJitter);
    settle(circuit, settings, 1, OK, false, 5002, 5103, noJitter);
    settle(circuit, settings, 1, FAILED, false, 5101, 5104, noJitter);
    expect(circuit.state).toEqual({ kind: 'closed', era: 1, failuresInRow: 1 });
  });

  test('reopens at the first failure, for longer, in a new era', () => {
    const circuit = trying(2);
    settle(circuit, settings, 1, FAILED, false, 5000, 5200, () => 0.25);
    expect(circuit.state).toEqual({ kind: 'open', era: 2, openedAtMs: 5200, failedTrials: 1, jitter: 0.25 });
    expect(circuit.lastReason).toBe('trial-failed');
    settle(circuit, settings, 1, OK, false, 5001, 5201, noJitter);
    expect(circuit.state.era).toBe(2);
  });

  test.each([
    [null, 1],
    [100, 2],
  ])('a slow trial fails only where slow calls count (%s)', (slowCallDurationMs, era) => {
    const circuit = trying(1);
    const judged = breakerSettings({ slowCallDurationMs });
    settle(circuit, judged, 1, OK, true, 5000, 5200, noJitter);
    expect(circuit.state.era).toBe(era);
  });

  test('takes back the place of a trial without a verdict, uncounted', () => {
    const circuit = trying(3);
    settle(circuit, settings, 1, NO_VERDICT, false, 5000, 5100, noJitter);
    expect(circuit.state).toMatchObject({ kind: 'halfOpen', successes: 0, trialStartsMs: [5001, 5002] });
    expect(admit(circuit, settings, 5100, noJitter)).toBe(1);
  });

  test('a trial that never ends counts as a failure when its time is up', () => {
    const circuit = trying(3);
    expect(admit(circuit, settings, 34_999, noJitter)).toBe(REFUSED);
    expect(circuit.state.kind).toBe('halfOpen');
    expect(admit(circuit, settings, 35_000, noJitter)).toBe(REFUSED);
    expect(circuit.state).toEqual({ kind: 'open', era: 2, openedAtMs: 35_000, failedTrials: 1, jitter: 0 });
    expect(circuit.lastReason).toBe('trial-overdue');
  });

  test('an overdue trial seen late lets the next one through at once', () => {
    const circuit = trying(1);
    expect(admit(circuit, settings, 60_000, noJitter)).toBe(2);
    expect(circuit.state).toMatchObject({ kind: 'halfOpen', failedTrials: 1, trialStartsMs: [60_000] });
  });

  test('the success of a trial that came too late does not count', () => {
    const circuit = trying(1);
    settle(circuit, settings, 1, OK, false, 5000, 35_000, noJitter);
    expect(circuit.state).toMatchObject({ kind: 'open', era: 2, openedAtMs: 35_000 });
  });
});

describe('by hand', () => {
  test('forced Open refuses always', () => {
    const settings = breakerSettings({ forced: 'Open' });
    const circuit = newCircuit(settings, 0);
    expect(admit(circuit, settings, 1e9, noJitter)).toBe(REFUSED);
    expect(retryAfterMs(circuit, settings, 1e9)).toBe(5000);
    expect(circuit.state.kind).toBe('closed');
  });

  test('forced Closed lets everything through and counts it, but never opens', () => {
    const settings = breakerSettings({ forced: 'Closed' });
    const circuit = newCircuit(settings, 0);
    calls(circuit, settings, 'x'.repeat(30));
    expect(circuit.state).toEqual({ kind: 'closed', era: 0, failuresInRow: 30 });
    expect(circuit.window.failures).toBe(30);
    expect(retryAfterMs(circuit, settings, 0)).toBe(0);
  });

  test('once the force is lifted, the next call judges', () => {
    const forced = breakerSettings({ forced: 'Closed' });
    const circuit = newCircuit(forced, 0);
    calls(circuit, forced, 'x'.repeat(30));
    applySettings(circuit, forced, breakerSettings(), 0);
    expect(circuit.state.kind).toBe('closed');
    call(circuit, breakerSettings(), FAILED);
    expect(circuit.state.kind).toBe('open');
  });

  test('a call let through by force is no trial', () => {
    const circuit = openCircuit(breakerSettings());
    expect(admit(circuit, breakerSettings({ forced: 'Closed' }), 4000, noJitter)).toBe(1);
    expect(admit(circuit, breakerSettings(), 5000, noJitter)).toBe(1);
    settle(circuit, breakerSettings(), 1, FAILED, false, 4000, 5001, noJitter);
    expect(circuit.state).toMatchObject({ kind: 'halfOpen', trialStartsMs: [5000] });
  });

  test('a trial that ends while forced gives its place back', () => {
    const circuit = openCircuit(breakerSettings());
    admit(circuit, breakerSettings(), 5000, noJitter);
    settle(circuit, breakerSettings({ forced: 'Closed' }), 1, FAILED, false, 5000, 5001, noJitter);
    expect(circuit.state).toMatchObject({ kind: 'halfOpen', trialStartsMs: [] });
  });
});

test('Disabled lets everything through, uncounted, and keeps the state', () => {
  const circuit = openCircuit(breakerSettings());
  const disabled = breakerSettings({ mode: 'Disabled', forced: 'Open' });
  expect(admit(circuit, disabled, 0, noJitter)).toBe(UNCOUNTED);
  settle(circuit, disabled, UNCOUNTED, FAILED, false, 0, 0, noJitter);
  expect(retryAfterMs(circuit, disabled, 0)).toBe(0);
  applySettings(circuit, disabled, breakerSettings(), 0);
  expect(circuit.state.kind).toBe('open');
});

describe('an edit', () => {
  test('by itself never opens', () => {
    const circuit = newCircuit(breakerSettings(), 0);
    calls(circuit, breakerSettings(), 'xxxx');
    const stricter = breakerSettings({ failureThreshold: 1 });
    applySettings(circuit, breakerSettings(), stricter, 0);
    expect(circuit.state).toEqual({ kind: 'closed', era: 0, failuresInRow: 4 });
    call(circuit, stricter, OK);
    expect(circuit.state.kind).toBe('closed');
  });

  test('of the window keeps the newest part; of its type keeps the state only', () => {
    const circuit = newCircuit(breakerSettings(), 0);
    calls(circuit, breakerSettings(), 'xxx');
    const longer = breakerSettings({ window: { type: 'Time', size: 60 } });
    applySettings(circuit, breakerSettings(), longer, 0);
    expect(circuit.window.failures).toBe(3);
    applySettings(circuit, longer, breakerSettings({ window: { type: 'Count', size: 10 } }), 0);
    expect(circuit.window.calls).toBe(0);
    expect(circuit.state).toEqual({ kind: 'closed', era: 0, failuresInRow: 3 });
  });

  const shadow = breakerSettings({ mode: 'Shadow' });
  const disabled = breakerSettings({ mode: 'Disabled' });
  test.each([
    ['Shadow → Enforce', [shadow, breakerSettings()], 2],
    ['Shadow → Disabled → Enforce', [shadow, disabled, breakerSettings()], 2],
  ])('%s starts Closed and empty, in a new era', (_name, path, era) => {
    const circuit = openCircuit(shadow);
    for (let i = 1; i < path.length; i++) applySettings(circuit, path[i - 1]!, path[i]!, 7);
    expect(circuit.state).toEqual({ kind: 'closed', era, failuresInRow: 0 });
    expect(circuit).toMatchObject({ lastReason: null, changedAtMs: 7, window: { calls: 0 } });
  });

  test.each([
    ['Enforce → Disabled → Enforce', [breakerSettings(), disabled, breakerSettings()]],
    ['Enforce → Shadow', [breakerSettings(), shadow]],
    ['Shadow → Disabled → Shadow', [shadow, disabled, shadow]],
  ])('%s keeps the state', (_name, path) => {
    const circuit = openCircuit(path[0]!);
    for (let i = 1; i < path.length; i++) applySettings(circuit, path[i - 1]!, path[i]!, 7);
    expect(circuit.state.kind).toBe('open');
  });
});
