/** The field names that the sidecar acts on. Every other field passes untouched: order, case and bytes. */
export const FIELD = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  proxyAuthenticate: 7,
  proxyAuthorization: 8,
  te: 9,
  trailer: 10,
  upgrade: 11,
  expect: 12,
  via: 13,
  maxForwards: 14,
  traceparent: 15,
  tracestate: 16,
  baggage: 17,
  requestId: 18,
  date: 19,
  proxyStatus: 20,
  b3: 21,
  b3TraceId: 22,
  b3SpanId: 23,
  b3ParentSpanId: 24,
  b3Sampled: 25,
  b3Flags: 26,
} as const;

const names: readonly (readonly [string, number])[] = [
  ['host', FIELD.host],
  ['content-length', FIELD.contentLength],
  ['transfer-encoding', FIELD.transferEncoding],
  ['connection', FIELD.connection],
  ['keep-alive', FIELD.keepAlive],
  ['proxy-connection', FIELD.proxyConnection],
  ['proxy-authenticate', FIELD.proxyAuthenticate],
  ['proxy-authorization', FIELD.proxyAuthorization],
  ['te', FIELD.te],
  ['trailer', FIELD.trailer],
  ['upgrade', FIELD.upgrade],
  ['expect', FIELD.expect],
  ['via', FIELD.via],
  ['max-forwards', FIELD.maxForwards],
  ['traceparent', FIELD.traceparent],
  ['tracestate', FIELD.tracestate],
  ['baggage', FIELD.baggage],
  ['x-request-id', FIELD.requestId],
  ['date', FIELD.date],
  ['proxy-status', FIELD.proxyStatus],
  ['b3', FIELD.b3],
  ['x-b3-traceid', FIELD.b3TraceId],
  ['x-b3-spanid', FIELD.b3SpanId],
  ['x-b3-parentspanid', FIELD.b3ParentSpanId],
  ['x-b3-sampled', FIELD.b3Sampled],
  ['x-b3-flags', FIELD.b3Flags],
];

interface KnownName {
  readonly id: number;
  readonly lower: Uint8Array;
}

const longest = Math.max(...names.map(([name]) => name.length));
const byLength: readonly (readonly KnownName[])[] = Array.from({ length: longest + 1 }, (_, length) =>
  names
    .filter(([name]) => name.length === length)
    .map(([name, id]) => ({ id, lower: Uint8Array.from(name, (character) => character.charCodeAt(0)) })),
);

/** The id (of `FIELD`) of the name in `bytes[start, end)`, in any case; `FIELD.other` when the sidecar does not act on it. */
export function fieldId(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > longest) return FIELD.other;
  const candidates = byLength[length]!;
  for (let index = 0; index < candidates.length; index++) {
    const { id, lower } = candidates[index]!;
    if (sameName(bytes, start, lower)) return id;
  }
  return FIELD.other;
}

/** Do the bytes from `start` spell `lower`, whatever their case? */
function sameName(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let offset = 0; offset < lower.length; offset++) {
    const byte = bytes[start + offset]!;
    const expected = lower[offset]!;
    if (byte !== expected && (byte < 0x41 || byte > 0x5a || (byte | 0x20) !== expected)) return false;
  }
  return true;
}
