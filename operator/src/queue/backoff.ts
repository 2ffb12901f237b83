import type { Random } from '@fusebox/api/clock.ts';

/** How waits grow. */
export interface Backoff {
  /** The longest first wait (ms). */
  baseMs: number;
  /** The longest wait ever (ms). */
  maxMs: number;
}

/**
 * How long to wait (ms) after this many failures in a row (≥ 1): anything between half and the whole of `baseMs` doubled for
 * each failure before, at most `maxMs`. Half is kept, so that a failure that is told at once is never repeated at once.
 */
export function backoffMs({ baseMs, maxMs }: Backoff, failures: number, random: Random): number {
  // Beyond 2^30 the doubling says nothing new, and would end in Infinity.
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return (ceilingMs * (1 + random())) / 2;
}
