import { propagation, ROOT_CONTEXT, SpanKind, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { markFailed, tracer } from '../tracing.ts';

/**
 * Gives each request a server span, named after its method and route, below that of its caller. Added only where tracing is on, and
 * before all other hooks: what they do belongs into the span. Attributes: the stable HTTP semantic conventions, and `request_id`.
 */
export function traceRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const caller = propagation.extract(ROOT_CONTEXT, request.headers);
    const route = request.routeOptions.url;
    const name = route === undefined ? request.method : `${request.method} ${route}`;
    const span = tracer().startSpan(name, { kind: SpanKind.SERVER }, caller);
    request.scope.trace = trace.setSpan(caller, span);
    if (span.isRecording()) record(span, request, reply);
    done();
  });
}

function record(span: Span, request: FastifyRequest, reply: FastifyReply): void {
  const query = request.url.indexOf('?');
  span.setAttributes({
    'http.request.method': request.method,
    'http.route': request.routeOptions.url,
    'url.scheme': request.protocol,
    'url.path': query < 0 ? request.url : request.url.slice(0, query),
    'url.query': query < 0 ? undefined : request.url.slice(query + 1),
    'server.address': request.hostname,
    'server.port': request.port ?? undefined,
    'network.protocol.version': request.raw.httpVersion,
    'client.address': request.ip,
    'user_agent.original': request.headers['user-agent'],
    request_id: request.id,
  });
  // `close` comes after the last byte, and also when the client went away before it.
  reply.raw.once('close', () => {
    if (reply.raw.headersSent) span.setAttribute('http.response.status_code', reply.raw.statusCode);
    if (!reply.raw.writableFinished) markFailed(span, 'client-gone');
    else if (reply.raw.statusCode >= 500) markFailed(span, String(reply.raw.statusCode));
    span.end();
  });
}
