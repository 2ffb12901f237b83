/**
 * The last calls of a circuit, by age (`Time`) or by number (`Count`), with the totals always at hand.
 *
 * Both kinds are one ring: `Time` keeps a bucket for each second that had calls, `Count` one byte per call. A bucket or
 * a byte enters once and leaves once, so a call costs O(1) however large the window is; empty seconds cost nothing.
 */
import type { BreakerSettings } from '@fusebox/api/snapshot.ts';

type WindowSettings = BreakerSettings['window'];

/** Plain, mutable, owned by one circuit. Change it through the functions of this file only. */
export interface SlidingWindow {
  readonly type: 'Time' | 'Count';
  /** Seconds (`Time`) or calls (`Count`); ≥ 1. */
  readonly size: number;
  /** Totals over what is in the window now (counts). A call can be failed and slow. */
  calls: number;
  failures: number;
  slow: number;
  /** Ring: place of the oldest entry, and how many there are. */
  oldest: number;
  length: number;
  /** `Count`: one byte a call, `FAILED_BIT | SLOW_BIT`. */
  readonly outcomes: Uint8Array;
  /** `Time`: the second each bucket stands for, and its counts. */
  readonly seconds: Float64Array;
  readonly bucketCalls: Int32Array;
  readonly bucketFailures: Int32Array;
  readonly bucketSlow: Int32Array;
}

const FAILED_BIT = 1;
const SLOW_BIT = 2;

/** An empty window. */
export function newWindow(settings: WindowSettings): SlidingWindow {
  const buckets = settings.type === 'Time' ? settings.size : 0;
  return {
    type: settings.type,
    size: settings.size,
    calls: 0,
    failures: 0,
    slow: 0,
    oldest: 0,
    length: 0,
    outcomes: new Uint8Array(settings.type === 'Count' ? settings.size : 0),
    seconds: new Float64Array(buckets),
    bucketCalls: new Int32Array(buckets),
    bucketFailures: new Int32Array(buckets),
    bucketSlow: new Int32Array(buckets),
  };
}

/** Adds one finished call at `nowMs`, and drops what is too old or one too many. */
export function record(window: SlidingWindow, nowMs: number, failed: boolean, slow: boolean): void {
  if (window.type === 'Count') pushOutcome(window, (failed ? FAILED_BIT : 0) | (slow ? SLOW_BIT : 0));
  else addToSecond(window, Math.floor(nowMs / 1000), failed, slow);
}

/**
 * Drops what has aged out at `nowMs`. A `Time` window of n seconds covers the second `nowMs` lies in and the n − 1 before
 * it (as Resilience4j's does); a `Count` window does not age.
 */
export function advance(window: SlidingWindow, nowMs: number): void {
  if (window.type === 'Time' && window.length > 0) dropOldSeconds(window, Math.floor(nowMs / 1000) - window.size);
}

/** Forgets every call. */
export function clearWindow(window: SlidingWindow): void {
  window.calls = 0;
  window.failures = 0;
  window.slow = 0;
  window.oldest = 0;
  window.length = 0;
}

/** The window under new settings: another size keeps the newest part, another type starts empty, equal settings change nothing. */
export function resizeWindow(window: SlidingWindow, settings: WindowSettings, nowMs: number): SlidingWindow {
  if (window.type === settings.type && window.size === settings.size) return window;
  const resized = newWindow(settings);
  if (window.type !== settings.type) return resized;
  if (window.type === 'Count') copyOutcomes(window, resized);
  else {
    advance(window, nowMs);
    copySeconds(window, resized);
  }
  return resized;
}

function pushOutcome(window: SlidingWindow, outcome: number): void {
  if (window.length === window.size) {
    const dropped = window.outcomes[window.oldest]!;
    window.outcomes[window.oldest] = outcome;
    window.oldest = window.oldest + 1 === window.size ? 0 : window.oldest + 1;
    window.failures -= dropped & FAILED_BIT;
    window.slow -= dropped >> 1;
  } else {
    // `oldest` is 0 until the ring is full for the first time: nothing leaves it before.
    window.outcomes[window.length++] = outcome;
    window.calls++;
  }
  window.failures += outcome & FAILED_BIT;
  window.slow += outcome >> 1;
}

function addToSecond(window: SlidingWindow, second: number, failed: boolean, slow: boolean): void {
  if (window.length > 0) dropOldSeconds(window, second - window.size);
  let bucket = (window.oldest + window.length - 1) % window.size;
  // A clock that stepped back adds to the newest bucket: buckets stay in order.
  if (window.length === 0 || window.seconds[bucket]! < second) {
    bucket = (window.oldest + window.length) % window.size;
    window.length++;
    window.seconds[bucket] = second;
    window.bucketCalls[bucket] = 0;
    window.bucketFailures[bucket] = 0;
    window.bucketSlow[bucket] = 0;
  }
  window.bucketCalls[bucket]!++;
  window.calls++;
  if (failed) {
    window.bucketFailures[bucket]!++;
    window.failures++;
  }
  if (slow) {
    window.bucketSlow[bucket]!++;
    window.slow++;
  }
}

function dropOldSeconds(window: SlidingWindow, lastGone: number): void {
  while (window.length > 0 && window.seconds[window.oldest]! <= lastGone) {
    window.calls -= window.bucketCalls[window.oldest]!;
    window.failures -= window.bucketFailures[window.oldest]!;
    window.slow -= window.bucketSlow[window.oldest]!;
    window.oldest = window.oldest + 1 === window.size ? 0 : window.oldest + 1;
    window.length--;
  }
}

function copyOutcomes(from: SlidingWindow, to: SlidingWindow): void {
  for (let i = Math.max(0, from.length - to.size); i < from.length; i++) {
    pushOutcome(to, from.outcomes[(from.oldest + i) % from.size]!);
  }
}

function copySeconds(from: SlidingWindow, to: SlidingWindow): void {
  const newest = from.length === 0 ? 0 : from.seconds[(from.oldest + from.length - 1) % from.size]!;
  for (let i = 0; i < from.length; i++) {
    const source = (from.oldest + i) % from.size;
    if (from.seconds[source]! <= newest - to.size) continue;
    const target = to.length++;
    to.seconds[target] = from.seconds[source]!;
    to.bucketCalls[target] = from.bucketCalls[source]!;
    to.bucketFailures[target] = from.bucketFailures[source]!;
    to.bucketSlow[target] = from.bucketSlow[source]!;
    to.calls += from.bucketCalls[source]!;
    to.failures += from.bucketFailures[source]!;
    to.slow += from.bucketSlow[source]!;
  }
}
