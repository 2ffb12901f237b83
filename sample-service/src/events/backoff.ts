/** Waits that double, from `firstMs` up to `maxMs` (ms). */
export interface Backoff {
  firstMs: number;
  maxMs: number;
}

/**
 * How long to wait after so many failures in a row (count from 1), in ms: between half and all of the doubled wait, so
 * that many who failed together do not come back together.
 * @param random a draw from [0, 1)
 */
export function backoffMs({ firstMs, maxMs }: Backoff, failures: number, random: () => number): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return fullMs * (0.5 + random() / 2);
}
