/** A span as the exchange keeps it: plain data, made only for sampled requests and handed over when the exchange has ended. */

type SpanAttributes = Record<string, string | number | boolean>;

/** Something that happened during a span: a wait, a retry, a refusal. */
export interface SpanEvent {
  name: string;
  /** ms since 1970, fractional. */
  wallMs: number;
  attributes?: SpanAttributes;
}

/** One finished span of a trace. Names and attributes follow the stable OpenTelemetry semantic conventions for HTTP. */
export interface SpanRecord {
  /** 32 lower-case hex digits. */
  traceId: string;
  /** 16 lower-case hex digits. */
  spanId: string;
  /** null: the root of its trace. */
  parentSpanId: string | null;
  /** The `tracestate` header as passed on (W3C Trace Context §3.3). */
  traceState: string | null;
  kind: 'server' | 'client';
  name: string;
  /** ms since 1970, fractional. */
  startWallMs: number;
  /** ms since 1970, fractional. */
  endWallMs: number;
  attributes: SpanAttributes;
  events: SpanEvent[];
  /** What went wrong, for people; null: the span's status is left unset. */
  error: string | null;
}
