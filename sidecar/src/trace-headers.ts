/** The trace of an exchange as header fields: read from the client's request, written into the one for the service. */
import type { Exchange } from './exchange.ts';
import { formatB3, formatB3Fields, parseB3, parseB3Fields } from './rules/b3.ts';
import { combineBaggage } from './rules/baggage.ts';
import { combineTracestate, formatTraceparent, parseTraceparent } from './rules/trace-context.ts';
import { FIELD } from './wire/known-fields.ts';
import type { RequestHead } from './wire/request-head.ts';

/** The caller's span, by whichever format told of it. */
export interface Parent {
  traceId: string;
  spanId: string;
  /** null: the decision is ours. */
  sampled: boolean | null;
  random: boolean;
  traceState: string | null;
}

const B3_FIELDS =
  (1 << FIELD.b3TraceId) |
  (1 << FIELD.b3SpanId) |
  (1 << FIELD.b3ParentSpanId) |
  (1 << FIELD.b3Sampled) |
  (1 << FIELD.b3Flags);

/** A valid `traceparent`, else valid B3; null when a new trace must start (W3C Trace Context §4.3). */
export function parentIn(head: RequestHead): Parent | null {
  const traceparent = only(head, FIELD.traceparent);
  const parent = traceparent === null ? null : parseTraceparent(traceparent);
  if (parent !== null) {
    return {
      ...parent,
      traceState: head.has(FIELD.tracestate) ? combineTracestate(head.values(FIELD.tracestate)) : null,
    };
  }
  if ((head.seen & ((1 << FIELD.b3) | B3_FIELDS)) === 0) return null;
  const b3 = only(head, FIELD.b3);
  const found =
    (b3 === null ? null : parseB3(b3)) ??
    parseB3Fields({
      traceId: only(head, FIELD.b3TraceId),
      spanId: only(head, FIELD.b3SpanId),
      sampled: only(head, FIELD.b3Sampled),
      flags: only(head, FIELD.b3Flags),
    });
  return found === null ? null : { ...found, random: false, traceState: null };
}

/** The value of a field that stands exactly once. */
const only = (head: RequestHead, id: number): string | null =>
  head.has(id) && !head.isRepeated(id) ? head.valueAt(head.indexOf(id)) : null;

/** Formats that are written besides W3C Trace Context, also where the client did not use them. */
export interface Propagators {
  readonly b3: boolean;
  readonly b3multi: boolean;
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
 * B3 goes out where it came in, or is asked for: a stale parent in one format would contradict the other.
 */
export function traceEdits(exchange: Exchange, propagators: Propagators): TraceEdits {
  const { head } = exchange;
  const { traceId, clientSpanId, sampled, random, traceState } = exchange.trace!;
  const edits = { added: '', replaced: 1 << FIELD.traceparent };
  edits.added = `traceparent: ${formatTraceparent({ traceId, spanId: clientSpanId, sampled, random })}\r\n`;
  if (head.has(FIELD.tracestate)) pass(edits, head, 'tracestate', traceState);
  if (head.has(FIELD.baggage)) pass(edits, head, 'baggage', combineBaggage(head.values(FIELD.baggage)));
  if (propagators.b3 || head.has(FIELD.b3)) {
    edits.replaced |= 1 << FIELD.b3;
    edits.added += formatB3({ traceId, spanId: clientSpanId, sampled });
  }
  if (propagators.b3multi || (head.seen & B3_FIELDS) !== 0) {
    edits.replaced |= B3_FIELDS;
    edits.added += formatB3Fields({ traceId, spanId: clientSpanId, sampled });
  }
  if (!head.has(FIELD.requestId)) edits.added += `x-request-id: ${traceId}\r\n`;
  return edits;
}

/** Leaves a single line that says what is to be said; else replaces it, or drops it (null). */
function pass(edits: TraceEdits, head: RequestHead, name: 'tracestate' | 'baggage', value: string | null): void {
  const id = FIELD[name];
  if (only(head, id) === value) return;
  edits.replaced |= 1 << id;
  if (value !== null) edits.added += `${name}: ${value}\r\n`;
}
