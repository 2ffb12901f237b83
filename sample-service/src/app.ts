import { Readable } from 'node:stream';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { alwaysWell, drip, type Misbehave } from './misbehave.ts';
import { ownRoutes } from './own-routes.ts';
import { sendProblem } from './problem.ts';
import { userRoutes } from './user-routes.ts';
import type { Users } from './users.ts';

/** What the service is made of. */
export interface AppParts {
  users: Users;
  misbehave: Misbehave;
  /** Told of every error that is the service's own fault; the client learns nothing of it. */
  onError?: (error: Error) => void;
}

const keepAliveTimeoutMs = 5_000;

/** Builds the service without listening. Its errors are `application/problem+json`. */
export function buildApp({ users, misbehave, onError }: AppParts): FastifyInstance {
  const app = Fastify({
    keepAliveTimeout: keepAliveTimeoutMs,
    ajv: { customOptions: { removeAdditional: false } }, // an unknown field is an error, not something to drop silently
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, 404, `There is no ${request.method} ${request.url}.`));
  app.setErrorHandler((error: FastifyError, _request, reply) => sendError(error, reply, onError));
  addMisbehaviour(app, misbehave);
  for (const route of [...userRoutes(users), ...ownRoutes(misbehave)]) app.route(route);
  return app;
}

function sendError(error: FastifyError, reply: FastifyReply, onError: AppParts['onError']): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status < 500) return sendProblem(reply, status, error.message);
  onError?.(error);
  return sendProblem(reply, 500, 'The service failed; the reason is in its log.');
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
