import { PASS, type Exchange, type Stage, type TraceOfExchange } from '../exchange.ts';
import { combineBaggage } from '../rules/baggage.ts';
import { isSampled } from '../rules/sampling.ts';
import { combineTracestate, formatTraceparent, parseTraceparent } from '../rules/trace-context.ts';
import { FIELD } from '../wire/known-fields.ts';

/** Where ids come from. */
export interface Ids {
  /** 32 and 16 lower-case hex digits, never all zeros. */
  traceId(): string;
  spanId(): string;
}

export interface TraceOptions {
  readonly ids: Ids;
  /** The share of new traces that is sampled, as `samplingThreshold`; asked for each, since it may be edited. */
  threshold(): string;
}

/** Takes up the caller's trace or starts one, and decides whether it is sampled. The first stage: refusals are traced too. */
export const trace = ({ ids, threshold }: TraceOptions): Stage => ({
  name: 'trace',
  enter(exchange) {
    const { head } = exchange;
    const context = continued(exchange, ids) ?? started(ids, threshold());
    if (context.sampled) {
      context.clientSpanId = ids.spanId();
      exchange.events = [];
      exchange.authority = head.combined('host');
    }
    exchange.trace = context;
    return PASS;
  },
});

/** The trace of a valid `traceparent`; null when a new one must start (W3C Trace Context §4.3). */
function continued({ head }: Exchange, ids: Ids): TraceOfExchange | null {
  if (!head.has(FIELD.traceparent) || head.isRepeated(FIELD.traceparent)) return null;
  const parent = parseTraceparent(head.valueAt(head.indexOf(FIELD.traceparent)));
  if (parent === null) return null;
  const spanId = ids.spanId();
  return {
    traceId: parent.traceId,
    spanId,
    clientSpanId: spanId,
    parentSpanId: parent.spanId,
    traceState: head.has(FIELD.tracestate) ? combineTracestate(head.values(FIELD.tracestate)) : null,
    sampled: parent.sampled,
    random: parent.random,
  };
}

function started(ids: Ids, threshold: string): TraceOfExchange {
  const traceId = ids.traceId();
  const spanId = ids.spanId();
  const sampled = isSampled(traceId, threshold);
  return { traceId, spanId, clientSpanId: spanId, parentSpanId: null, traceState: null, sampled, random: true };
}

/** What the sidecar says of the trace in the request that it passes on. */
export interface TraceEdits {
  /** Whole lines with CR LF. */
  added: string;
  /** Bits `1 << id` of the client's fields that `added` replaces; all others stay as they came. */
  replaced: number;
}

/**
 * Carries the exchange's trace to the service: its parent there is the client span, or the server span of a trace that is
 * not sampled. `tracestate` and `baggage` pass untouched where they are valid. `x-request-id` is kept, or is the trace id.
 */
export function traceEdits(exchange: Exchange): TraceEdits {
  const { head } = exchange;
  const context = exchange.trace!;
  let replaced = 1 << FIELD.traceparent;
  let added = `traceparent: ${formatTraceparent({
    traceId: context.traceId,
    spanId: context.clientSpanId,
    sampled: context.sampled,
    random: context.random,
  })}\r\n`;
  if (head.has(FIELD.tracestate) && !passesUntouched(exchange, FIELD.tracestate, context.traceState)) {
    replaced |= 1 << FIELD.tracestate;
    if (context.traceState !== null) added += `tracestate: ${context.traceState}\r\n`;
  }
  if (head.has(FIELD.baggage)) {
    const baggage = combineBaggage(head.values(FIELD.baggage));
    if (!passesUntouched(exchange, FIELD.baggage, baggage)) {
      replaced |= 1 << FIELD.baggage;
      if (baggage !== null) added += `baggage: ${baggage}\r\n`;
    }
  }
  if (!head.has(FIELD.requestId)) added += `x-request-id: ${context.traceId}\r\n`;
  return { added, replaced };
}

const passesUntouched = ({ head }: Exchange, id: number, passedOn: string | null): boolean =>
  !head.isRepeated(id) && head.valueAt(head.indexOf(id)) === passedOn;
