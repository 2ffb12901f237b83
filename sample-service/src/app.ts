import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { addScopes } from './http/request-scope.ts';
import type { Log } from './log.ts';
import { alwaysWell, drip, type Misbehave } from './misbehave.ts';
import { ownRoutes } from './http/own-routes.ts';
import { sendProblem } from './http/problem.ts';
import { userRoutes } from './http/user-routes.ts';
import type { Users } from './users/users.ts';

/** What the service is made of. */
export interface AppParts {
  users: Users;
  misbehave: Misbehave;
  log: Log;
}

// What comes from outside stands in logs and headers: nothing but visible ASCII, and not much of it.
const requestId = ({ headers: { 'x-request-id': given } }: IncomingMessage): string =>
  typeof given === 'string' && /^[!-~]{1,128}$/.test(given) ? given : randomUUID();

const keepAliveTimeoutMs = 5_000;

/** Builds the service without listening. Its errors are `application/problem+json`. */
export function buildApp({ users, misbehave, log }: AppParts): FastifyInstance {
  const app = Fastify({
    keepAliveTimeout: keepAliveTimeoutMs,
    requestIdHeader: false,
    genReqId: requestId,
    ajv: { customOptions: { removeAdditional: false } }, // an unknown field is an error, not something to drop silently
  });
  addScopes(app);
  app.setNotFoundHandler((request, reply) => sendProblem(reply, 404, `There is no ${request.method} ${request.url}.`));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(reply, status, error.message);
    // The log has what the client is not told.
    log.error('request failed', {
      request_id: request.id,
      method: request.method,
      route: request.routeOptions.url,
      error,
    });
    return sendProblem(reply, 500, 'The service failed; the reason is in its log.');
  });
  addMisbehaviour(app, misbehave);
  for (const route of [...userRoutes(users), ...ownRoutes(misbehave)]) app.route(route);
  return app;
}

function addMisbehaviour(app: FastifyInstance, misbehave: Misbehave): void {
  app.addHook('onRequest', async (request, reply) => {
    const { delayMs, failRatio, status, hang } = misbehave.current;
    if (alwaysWell.has(request.routeOptions.url ?? '')) return;
    if (hang) {
      reply.hijack(); // Fastify lets go of it, and nobody ever answers
      return;
    }
    if (delayMs > 0) await misbehave.sleep(delayMs);
    if (failRatio > 0 && misbehave.random() < failRatio) await sendProblem(reply, status, 'Misbehaving on request.');
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (misbehave.current.dripMs === 0 || alwaysWell.has(request.routeOptions.url ?? '')) return payload;
    if (typeof payload !== 'string') return payload;
    const body = Buffer.from(payload);
    reply.header('content-length', body.length);
    return Readable.from(drip(body, misbehave), { objectMode: false });
  });
}
