/** B3 propagation (openzipkin/b3-propagation): in one header or in several. Read where no valid `traceparent` came. */

/** What a caller says by B3. */
export interface B3Parent {
  /** 32 lower-case hex digits; an id of 64 bits is padded with zeros on the left. */
  traceId: string;
  /** 16 lower-case hex digits. */
  spanId: string;
  /** null: the caller leaves the decision to us. */
  sampled: boolean | null;
}

/** The fields of the multi-header form; null for what is not there. */
export interface B3Fields {
  traceId: string | null;
  spanId: string | null;
  sampled: string | null;
  flags: string | null;
}

const TRACE_ID = /^(?:[0-9a-f]{16}){1,2}$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;
const ZEROS = /^0+$/;

/** Reads `b3: TRACEID-SPANID[-STATE[-PARENT]]`; null when it is invalid or carries no ids. */
export function parseB3(value: string): B3Parent | null {
  const [traceId, spanId, state, parent, ...more] = value.split('-');
  if (more.length > 0 || (parent !== undefined && !SPAN_ID.test(parent))) return null;
  const sampled = state === undefined ? null : sampledOf(state);
  return sampled === undefined ? null : parentOf(traceId, spanId, sampled);
}

/** Reads `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-Sampled` and `X-B3-Flags`; null when they are invalid or carry no ids. */
export function parseB3Fields({ traceId, spanId, sampled, flags }: B3Fields): B3Parent | null {
  const decision = flags === '1' ? true : sampled === null ? null : sampledOf(sampled.toLowerCase());
  if (decision === undefined) return null;
  return parentOf(traceId ?? undefined, spanId ?? undefined, decision);
}

/** `d` asks for the trace to be kept whatever the ratio: here that is the same as sampled. Undefined: invalid. */
function sampledOf(state: string): boolean | undefined {
  if (state === '1' || state === 'd' || state === 'true') return true;
  return state === '0' || state === 'false' ? false : undefined;
}

function parentOf(traceId: string | undefined, spanId: string | undefined, sampled: boolean | null): B3Parent | null {
  if (traceId === undefined || spanId === undefined || !TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId: traceId.toLowerCase().padStart(32, '0'), spanId: spanId.toLowerCase(), sampled };
}

/** What is passed on. */
export interface B3Context {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

/** The one-header form. */
export const formatB3 = ({ traceId, spanId, sampled }: B3Context): string =>
  `b3: ${traceId}-${spanId}-${sampled ? 1 : 0}\r\n`;

/** The form with several headers. */
export const formatB3Fields = ({ traceId, spanId, sampled }: B3Context): string =>
  `X-B3-TraceId: ${traceId}\r\nX-B3-SpanId: ${spanId}\r\nX-B3-Sampled: ${sampled ? 1 : 0}\r\n`;
