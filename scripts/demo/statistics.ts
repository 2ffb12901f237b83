/** The value below which `share` (0..1) of the values lie; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The middle one; NaN without values. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** `3.1 ms`, `250 ms`, and `–` for NaN. */
export function showMs(ms: number): string {
  if (Number.isNaN(ms)) return '–';
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
