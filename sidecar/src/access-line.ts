import type { Exchange } from './exchange.ts';
import { FIELD } from './wire/known-fields.ts';

/** Which exchanges get a line: none, those that the sidecar refused or cut, or all. */
export const accessLogModes = ['none', 'refused', 'all'] as const;
export type AccessLogMode = (typeof accessLogModes)[number];

/** One exchange for the access log. Durations in ms, sizes in bytes of the bodies as they were passed on. */
export interface AccessLine {
  route: string;
  method: string;
  path: string;
  /** Names only; each value is `…`. null: the target has none. */
  query: string | null;
  status: number;
  outcome: string | null;
  reason: string | null;
  detail: string | null;
  durationMs: number;
  /** From the sending of the request to the answer's head; null when there was none. */
  upstreamMs: number | null;
  bytesIn: number;
  bytesOut: number;
  client: string;
  userAgent: string | null;
  traceId: string | null;
  requestId: string | null;
}

/** Does an exchange that ended like this get a line? */
export const wantsLine = (mode: AccessLogMode, exchange: Exchange): boolean =>
  mode === 'all' || (mode === 'refused' && exchange.refusal !== null);

/** The line. Nothing of it can be a secret: no `Authorization`, no `Cookie`, no value of the query. */
export function accessLine(exchange: Exchange): AccessLine {
  const { head, trace, refusal, startMs, sentMs, answeredMs, nowMs } = exchange;
  return {
    route: exchange.route.name,
    method: exchange.method,
    path: exchange.path,
    query: redactedQuery(exchange),
    status: exchange.status,
    outcome: exchange.outcome,
    reason: refusal === null ? null : refusal.reason,
    detail: exchange.detail,
    durationMs: rounded(nowMs - startMs),
    upstreamMs: sentMs < 0 || answeredMs < 0 ? null : rounded(answeredMs - sentMs),
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    client: exchange.client.address,
    // What is not a request has neither of these.
    userAgent: trace === null ? null : head.combined('user-agent'),
    traceId: trace === null ? null : trace.traceId,
    requestId:
      trace === null ? null : head.has(FIELD.requestId) ? head.valueAt(head.indexOf(FIELD.requestId)) : trace.traceId,
  };
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

function redactedQuery({ head, trace }: Exchange): string | null {
  if (trace === null) return null;
  const target = head.bytes.toString('latin1', head.targetStart, head.targetEnd);
  const start = target.indexOf('?');
  if (start < 0) return null;
  return target
    .slice(start + 1)
    .split('&')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=…` : '…'))
    .join('&');
}
