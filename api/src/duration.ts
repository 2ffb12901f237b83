/** The units people write, largest first, with their length in milliseconds. */
const UNITS: readonly (readonly [suffix: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const AMOUNT = String.raw`(\d{1,12}(?:\.\d{1,9})?)`;
const DURATION = new RegExp(`^(?=\\d)(?:${AMOUNT}h)?(?:${AMOUNT}m(?!s))?(?:${AMOUNT}s)?(?:${AMOUNT}ms)?$`);

const WHOLE_SECONDS_OR_MS = String.raw`(\d{1,12}(\.\d{1,3}0{0,6})?s)?(\d{1,12}(\.0{1,9})?ms)?`;

/** What `parseDuration` reads, in RE2, for the API server: the empty text passes too, and small parts of minutes and hours. */
export const DURATION_RE2 = `^(0|(${AMOUNT}h)?(${AMOUNT}m)?${WHOLE_SECONDS_OR_MS})$`;

/**
 * Milliseconds of a duration as people write it: `250ms`, `5s`, `1.5s`, `2m`, `1m30s`, `1h`; `0` needs no unit.
 * Units go from large to small, each at most once. null: not a duration, or not a whole number of milliseconds.
 */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const amounts = DURATION.exec(text);
  if (amounts === null) return null;
  let totalMs = 0;
  for (const [at, [, unitMs]] of UNITS.entries()) totalMs += Number(amounts[at + 1] ?? 0) * unitMs;
  const wholeMs = Math.round(totalMs);
  // 1.001 s is 1000.9999… in binary: what is this near to a whole number was written as one.
  if (Math.abs(totalMs - wholeMs) > 1e-6 || wholeMs > Number.MAX_SAFE_INTEGER) return null;
  return wholeMs;
}

/** The shortest way to write a duration (ms, whole, ≥ 0) that `parseDuration` reads back: 90000 → `1m30s`. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.round(durationMs);
  let text = '';
  for (const [suffix, unitMs] of UNITS) {
    const amount = Math.floor(restMs / unitMs);
    restMs -= amount * unitMs;
    if (amount > 0) text += `${amount}${suffix}`;
  }
  return text === '' ? '0s' : text;
}
