/** The value that the share `of` (0..1) of the sorted values do not exceed, by nearest rank. */
export function quantile(sorted: ArrayLike<number>, of: number): number {
  return sorted[Math.max(0, Math.ceil(of * sorted.length) - 1)] ?? Number.NaN;
}
