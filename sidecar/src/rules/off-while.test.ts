import { describe, expect, test } from 'vitest';
import { breakerSettings } from './breaker-settings.fixture.ts';
import { applySettings, newCircuit, type Circuit } from './circuit.ts';
import { isOff, nextChangeMs, rememberOpening, type FollowedCircuit, type OffWhile } from './off-while.ts';

const breaker = breakerSettings({ resetTimeoutMs: 1_000, maxResetTimeoutMs: 60_000, resetJitter: 0 });
const rule = (forMs: number, recoverAfterMs: number): OffWhile => ({ circuit: 'inbound/a', forMs, recoverAfterMs });

/** A circuit, moved by hand. */
class Moved {
  followed: { circuit: Circuit; breaker: typeof breaker; opening: FollowedCircuit['opening'] } = {
    circuit: newCircuit(breaker, 0),
    breaker,
    opening: null,
  };

  opens(nowMs: number, failedTrials = 0): this {
    return this.becomes({ kind: 'open', era: 1, openedAtMs: nowMs, failedTrials, jitter: 0 }, nowMs);
  }

  tries(nowMs: number): this {
    return this.becomes({ kind: 'halfOpen', era: 1, trialStartsMs: [nowMs], successes: 0, failedTrials: 0 }, nowMs);
  }

  closes(nowMs: number): this {
    return this.becomes({ kind: 'closed', era: 1, failuresInRow: 0 }, nowMs);
  }

  /** From when on it is off, and until when, looking at every 100 ms. */
  offBetween(what: OffWhile): [fromMs: number, untilMs: number][] {
    const spans: [number, number][] = [];
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 100) {
      if (!isOff(this.followed, what, nowMs)) continue;
      if (spans.at(-1)?.[1] === nowMs) spans.at(-1)![1] = nowMs + 100;
      else spans.push([nowMs, nowMs + 100]);
    }
    return spans;
  }

  private becomes(state: Circuit['state'], nowMs: number): this {
    const { circuit, opening } = this.followed;
    circuit.state = state;
    this.followed.opening = rememberOpening(opening, circuit, nowMs);
    return this;
  }
}

describe('a flag that follows a circuit', () => {
  test('is on while it has never been open', () => {
    expect(new Moved().offBetween(rule(0, 0))).toEqual([]);
  });

  test('is off until its wait is over, so that trials have traffic', () => {
    expect(new Moved().opens(500).offBetween(rule(0, 0))).toEqual([[500, 1_500]]);
  });

  test('stays off for recoverAfter once the wait is over, whenever trials begin', () => {
    expect(new Moved().opens(500).offBetween(rule(0, 5_000))).toEqual([[500, 6_500]]);
    expect(new Moved().opens(500).tries(9_000).offBetween(rule(0, 5_000))).toEqual([[500, 6_500]]);
    expect(new Moved().opens(500).tries(1_600).closes(1_700).offBetween(rule(0, 5_000))).toEqual([[500, 6_500]]);
  });

  test('goes off after for, and not at all when the wait is shorter', () => {
    expect(new Moved().opens(500).offBetween(rule(400, 0))).toEqual([[900, 1_500]]);
    expect(new Moved().opens(500).offBetween(rule(1_000, 5_000))).toEqual([]);
  });

  test('goes off at once when trials fail after it has been broken for long enough', () => {
    const moved = new Moved().opens(500).tries(1_600).opens(1_700, 1);
    expect(moved.offBetween(rule(1_000, 0))).toEqual([[1_700, 3_700]]);
  });

  test('counts anew after the circuit has closed', () => {
    const moved = new Moved().opens(500).tries(1_600).closes(1_700).opens(4_000);
    expect(moved.offBetween(rule(500, 0))).toEqual([[4_500, 5_000]]);
  });

  test('obeys an edit of the wait at once', () => {
    const moved = new Moved().opens(500);
    moved.followed.breaker = { ...breaker, resetTimeoutMs: 3_000 };
    expect(moved.offBetween(rule(0, 0))).toEqual([[500, 3_500]]);
  });

  test.each([
    ['Shadow', null, false],
    ['Disabled', 'Open', false],
    ['Enforce', 'Closed', false],
    ['Enforce', 'Open', true],
  ] as const)('in mode %s, forced %s: off is %s', (mode, forced, off) => {
    const moved = new Moved().opens(500);
    moved.followed.breaker = { ...breaker, mode, forced };
    expect(isOff(moved.followed, rule(0, 0), 600)).toBe(off);
    expect(isOff(moved.followed, rule(0, 0), 9_000)).toBe(off);
  });

  test('is on again when an edit has reset the circuit', () => {
    const moved = new Moved().opens(500);
    const shadow = { ...breaker, mode: 'Shadow' as const };
    applySettings(moved.followed.circuit, breaker, shadow, 600);
    applySettings(moved.followed.circuit, shadow, breaker, 700);
    expect(isOff(moved.followed, rule(0, 5_000), 800)).toBe(false);
  });
});

test.each([
  [0, 900],
  [899, 900],
  [900, 6_500],
  [6_499, 6_500],
  [6_500, null],
])('at %d ms the next change is at %s', (nowMs, changesAtMs) => {
  expect(nextChangeMs(new Moved().opens(500).followed, rule(400, 5_000), nowMs)).toBe(changesAtMs);
});
