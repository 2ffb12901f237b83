import { PASS, type Stage, type TraceOfExchange } from '../exchange.ts';
import { isSampled } from '../rules/sampling.ts';
import { parentIn, type Parent } from '../trace-headers.ts';

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
    const parent = parentIn(exchange.head);
    const context = parent === null ? started(ids, threshold()) : continued(parent, ids, threshold());
    if (context.sampled) {
      context.clientSpanId = ids.spanId();
      exchange.events = [];
      exchange.evaluations = [];
      exchange.authority = exchange.head.combined('host');
    }
    exchange.trace = context;
    return PASS;
  },
});

function continued(parent: Parent, ids: Ids, threshold: string): TraceOfExchange {
  const { traceId, random, traceState } = parent;
  const spanId = ids.spanId();
  const sampled = parent.sampled ?? isSampled(traceId, threshold);
  return { traceId, spanId, clientSpanId: spanId, parentSpanId: parent.spanId, traceState, sampled, random };
}

function started(ids: Ids, threshold: string): TraceOfExchange {
  const traceId = ids.traceId();
  const spanId = ids.spanId();
  const sampled = isSampled(traceId, threshold);
  return { traceId, spanId, clientSpanId: spanId, parentSpanId: null, traceState: null, sampled, random: true };
}
