import { type Context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

/** Of the span in this context: W3C Trace Context, §3.2. Null where there is none. */
export function traceparentOf(context: Context): string | null {
  const span = trace.getSpanContext(context);
  if (span === undefined || !isSpanContextValid(span)) return null;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The span that a `traceparent` names; null where it is absent or none. */
export function spanOf(traceparent: string | null): SpanContext | null {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? span : null;
}

/** A context below the span that sent something; the root where there was none. */
export const contextBelow = (sender: SpanContext | null): Context =>
  sender === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, sender);
