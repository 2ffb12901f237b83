/**
 * Consistent probability sampling (OpenTelemetry, `tracestate` probability sampling): every party that uses the same ratio
 * decides alike for a trace, and a party with a higher ratio samples a superset.
 *
 * The randomness of a trace is the low 56 bits of its id; it is sampled when they are not below the rejection threshold.
 * Both are kept as 14 hex digits, which compare as strings like the numbers they are, exactly and without parsing.
 */

const RANDOMNESS_DIGITS = 14;
const RANDOMNESS_BITS = 56;
const TRACE_ID_DIGITS = 32;
/** Above every hex digit. */
const NEVER = 'g';

/** The rejection threshold (14 hex digits) of a ratio (0..1); computed once, when settings are applied. */
export function samplingThreshold(ratio: number): string {
  const sampled = BigInt(Math.round(ratio * 2 ** RANDOMNESS_BITS));
  if (sampled === 0n) return NEVER;
  const rejected = (1n << BigInt(RANDOMNESS_BITS)) - sampled;
  return rejected.toString(16).padStart(RANDOMNESS_DIGITS, '0');
}

/** Is the trace (32 lower-case hex digits) sampled at this threshold? The parent's decision, if there is one, comes before. */
export function isSampled(traceId: string, threshold: string): boolean {
  return traceId.slice(TRACE_ID_DIGITS - RANDOMNESS_DIGITS) >= threshold;
}
