import type { AskedFlag } from './exchange.ts';
import type { SpanEvent } from './span-record.ts';

/** A longer text is a document rather than a setting: its variant names it. */
const MAX_VALUE_LENGTH = 128;

/**
 * The evaluation of a flag as an event of a span (OpenTelemetry semantic conventions for feature flags, `feature_flag.evaluation`).
 * `feature_flag.context.id` is left out: the targeting key tells who the user is, and traces are kept and read by others than flags are.
 */
export function flagEvent({ key, evaluation }: AskedFlag, wallMs: number): SpanEvent {
  const { value, reason, variant, error } = evaluation;
  const isShort = typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_VALUE_LENGTH);
  return {
    name: 'feature_flag.evaluation',
    wallMs,
    attributes: {
      'feature_flag.key': key,
      'feature_flag.provider.name': 'fusebox',
      'feature_flag.result.reason': reason.toLowerCase(),
      ...(variant !== null && { 'feature_flag.result.variant': variant }),
      ...(isShort && { 'feature_flag.result.value': value }),
      ...(error !== null && { 'error.type': error.code.toLowerCase() }),
    },
  };
}
