import type { Random } from '@fusebox/api/clock.ts';

const LEAST_MS = 200;
const MOST_MS = 10_000;

/**
 * How long to wait (ms, 200 to 10,000) after so many failures in a row (1 or more): drawn anew each time from all that is
 * allowed ("full jitter"), so that a thousand sidecars that lost one operator do not come back at one moment.
 */
export function reconnectDelayMs(failures: number, random: Random): number {
  const most = Math.min(MOST_MS, LEAST_MS * 2 ** Math.min(failures, 16));
  return LEAST_MS + random() * (most - LEAST_MS);
}
