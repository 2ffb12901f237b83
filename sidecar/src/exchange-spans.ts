import type { Clock } from '@fusebox/api/clock.ts';
import type { Exchange } from './exchange.ts';
import { flagEvent } from './flag-event.ts';
import type { SpanRecord } from './span-record.ts';

/** Methods that may stand in a span's name (OpenTelemetry HTTP conventions: all others are `_OTHER`, to bound their number). */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

/** The server span of a sampled exchange and, when the service was tried, the client span (OpenTelemetry HTTP conventions, stable). */
export function spansOf(exchange: Exchange, clock: Clock): SpanRecord[] {
  const trace = exchange.trace!;
  const toWall = clock.wallMs() - clock.nowMs();
  const name = spanName(exchange);
  const shared = {
    traceId: trace.traceId,
    traceState: trace.traceState,
    endWallMs: exchange.nowMs + toWall,
    error: errorOf(exchange),
  };
  const server: SpanRecord = {
    ...shared,
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    kind: 'server',
    name,
    startWallMs: exchange.startMs + toWall,
    attributes: {
      ...attributesOf(exchange),
      ...clientAddress(exchange),
      'url.scheme': 'http',
      'url.path': exchange.path,
    },
    events: eventsOf(exchange, toWall),
  };
  if (exchange.sentMs < 0) return [server];
  const client: SpanRecord = {
    ...shared,
    spanId: trace.clientSpanId,
    parentSpanId: trace.spanId,
    kind: 'client',
    name,
    startWallMs: exchange.sentMs + toWall,
    attributes: attributesOf(exchange),
    events: [],
  };
  return [server, client];
}

function spanName(exchange: Exchange): string {
  const method = knownMethods.has(exchange.method) ? exchange.method : 'HTTP';
  const template = routeTemplate(exchange);
  return template === null ? method : `${method} ${template}`;
}

/** The path of the route as written in the policy; null when it matches any. */
function routeTemplate(exchange: Exchange): string | null {
  const { path } = exchange.route.settings.match;
  switch (path.kind) {
    case 'any':
      return null;
    case 'exact':
      return path.path;
    case 'prefix':
      return `${path.prefix === '/' ? '' : path.prefix}/*`;
    case 'pattern': {
      const names = path.names.values();
      return path.segments.map((segment) => `/${segment ?? `:${names.next().value ?? ''}`}`).join('');
    }
  }
}

function attributesOf(exchange: Exchange): SpanRecord['attributes'] {
  const { method, refusal, status, route } = exchange;
  const attributes: SpanRecord['attributes'] = {
    'http.request.method': knownMethods.has(method) ? method : '_OTHER',
    'http.response.status_code': status,
    'network.protocol.version': `1.${exchange.clientMinor}`,
    'fusebox.route': route.name,
  };
  if (!knownMethods.has(method)) attributes['http.request.method_original'] = method;
  const template = routeTemplate(exchange);
  if (template !== null) attributes['http.route'] = template;
  if (exchange.authority !== null) attributes['server.address'] = exchange.authority;
  if (refusal !== null) attributes['fusebox.reason'] = refusal.reason;
  const error = errorOf(exchange);
  if (error !== null) attributes['error.type'] = error;
  return attributes;
}

const clientAddress = (exchange: Exchange): SpanRecord['attributes'] =>
  exchange.client.address === '' ? {} : { 'client.address': exchange.client.address };

function errorOf(exchange: Exchange): string | null {
  if (exchange.outcome === 'client-gone') return 'client-gone';
  if (exchange.refusal !== null) return exchange.refusal.reason;
  return exchange.status >= 500 ? String(exchange.status) : null;
}

function eventsOf(exchange: Exchange, toWall: number): SpanRecord['events'] {
  const events = [
    ...(exchange.evaluations ?? []).map((asked) => flagEvent(asked, asked.atMs + toWall)),
    ...(exchange.events ?? []),
  ];
  if (exchange.enqueuedAtMs > 0) events.push({ name: 'fusebox.queued', wallMs: exchange.enqueuedAtMs + toWall });
  if (exchange.refusal !== null) {
    events.push({
      name: 'fusebox.refused',
      wallMs: exchange.nowMs + toWall,
      attributes: { 'fusebox.reason': exchange.refusal.reason },
    });
  }
  return events;
}
