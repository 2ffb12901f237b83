import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Flags } from './flags/flags.ts';
import { metricsRoute, type ShownMetrics } from './http/metrics-route.ts';
import { addFlaggedRoutes } from './http/flagged-routes.ts';
import { notFound } from './http/not-found.ts';
import { ownRoutes } from './http/own-routes.ts';
import { paymentRoutes } from './http/payment-routes.ts';
import { problemText, sendProblem } from './http/problem.ts';
import { profileRoutes } from './http/profile-routes.ts';
import { addScopes } from './http/request-scope.ts';
import { userRoutes, type UserRouteParts } from './http/user-routes.ts';
import { compileValidator } from './http/validation.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { alwaysWell, drip, type Misbehave } from './misbehave.ts';
import type { Payments } from './payments/payments.ts';
import type { Readiness } from './readiness.ts';
import { ServiceError } from './service-error.ts';
import { traceRequests } from './tracing/request-spans.ts';

/** What the service is made of. */
export interface AppParts extends UserRouteParts {
  payments: Payments;
  flags: Flags;
  misbehave: Misbehave;
  readiness: Readiness;
  metrics: ShownMetrics & Pick<Metrics, 'refusals'>;
  log: Log;
  /** Whether requests get spans. */
  isTraced: boolean;
}

const keepAliveTimeoutMs = 5_000;
const maxBodyBytes = 64 * 1024;

// What comes from outside stands in logs and headers: nothing but visible ASCII, and not much of it.
const requestId = ({ headers: { 'x-request-id': given } }: IncomingMessage): string =>
  typeof given === 'string' && /^[!-~]{1,128}$/.test(given) ? given : randomUUID();

/** Builds the service without listening. Its errors are `application/problem+json`. */
export function buildApp(parts: AppParts): FastifyInstance {
  const { users, payments, flags, misbehave, readiness, metrics, log, isTraced } = parts;
  const onError = (error: FastifyError | ServiceError, request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    answerError({ error, request, reply, log, metrics });
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    keepAliveTimeout: keepAliveTimeoutMs,
    requestIdHeader: false,
    genReqId: requestId,
    // Whoever has a connection may finish on it while the service stops; each answer then closes its connection.
    return503OnClosing: false,
    frameworkErrors: (...failure) => void onError(...failure),
    clientErrorHandler: answerUnreadable,
  });
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(onError);
  addScopes(app);
  if (isTraced) traceRequests(app);
  addMisbehaviour(app, misbehave);
  addFlaggedRoutes(app, flags);
  const routes = [
    ...userRoutes(parts),
    ...paymentRoutes(users, payments),
    ...profileRoutes(users),
    ...ownRoutes(misbehave, readiness),
    metricsRoute(metrics),
  ];
  for (const route of routes) app.route(route);
  app.setNotFoundHandler(notFound(routes, flags));
  return app;
}

interface Failure {
  error: FastifyError | ServiceError;
  request: FastifyRequest;
  reply: FastifyReply;
  log: Log;
  metrics: Pick<Metrics, 'refusals'>;
}

function answerError({ error, request, reply, log, metrics }: Failure): FastifyReply {
  const fields = { request_id: request.id, method: request.method, route: request.routeOptions.url };
  if (error instanceof ServiceError) {
    if (error.status >= 500) {
      metrics.refusals.inc({ code: error.code });
      // Under too much load, a line for each request would only add to it.
      const level = error.code === 'overloaded' ? 'debug' : 'warn';
      log[level]('request refused', { ...fields, code: error.code, cause: error.cause });
    }
    return sendProblem(reply, error.status, error.message, error);
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return sendProblem(reply, status, error.message);
  // The log has what the client is not told.
  log.error('request failed', { ...fields, error });
  return sendProblem(reply, 500, 'The service failed; the reason is in its log.');
}

const unreadable: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers what is no HTTP; there is no request yet, so this writes to the connection itself. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  const status = unreadable[error.code ?? ''] ?? 400;
  const body = problemText(status, 'The request is no HTTP/1.1 that this service reads.');
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}`;
  if (socket.writable && error.code !== 'ECONNRESET') socket.write(`${head}\r\nconnection: close\r\n\r\n${body}`);
  socket.destroy();
}

function addMisbehaviour(app: FastifyInstance, misbehave: Misbehave): void {
  const well = (request: FastifyRequest): boolean => alwaysWell.has(request.routeOptions.url ?? '');
  app.addHook('onRequest', (request, reply, done) => {
    const { delayMs, failRatio, status, hang } = misbehave.current;
    if (well(request)) return done();
    if (hang) return void reply.hijack(); // Fastify lets go of it, and nobody ever answers
    const go = (): void => {
      if (failRatio > 0 && misbehave.random() < failRatio) sendProblem(reply, status, 'Misbehaving on request.');
      else done();
    };
    if (delayMs > 0) void misbehave.sleep(delayMs).then(go);
    else go();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (misbehave.current.dripMs === 0 || typeof payload !== 'string' || well(request)) return done();
    const body = Buffer.from(payload);
    reply.header('content-length', body.length);
    done(null, Readable.from(drip(body, misbehave), { objectMode: false }));
  });
}
