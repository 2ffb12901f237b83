import type { RouteOptions } from 'fastify';
import { wellBehaved, type Misbehave, type Misbehaviour as Behaviour } from '../misbehave.ts';
import type { Readiness } from '../readiness.ts';
import { openApi } from './openapi.ts';
import { sendProblem } from './problem.ts';
import { Misbehaviour } from './schemas.ts';

/** The routes about the service itself: its health, its description and the switch that makes it misbehave. */
export const ownRoutes = (misbehave: Misbehave, readiness: Readiness): RouteOptions[] => [
  { method: 'GET', url: '/healthz', handler: async () => ({ status: 'ok' }) },
  {
    method: 'GET',
    url: '/readyz',
    async handler(request, reply) {
      const reason = await readiness.whyNot(request.scope);
      return reason === null ? { status: 'ok' } : sendProblem(reply, 503, reason, { code: 'not-ready' });
    },
  },
  { method: 'GET', url: '/openapi.json', handler: async () => openApi },
  { method: 'GET', url: '/misbehave', handler: async () => misbehave.current },
  {
    method: 'PUT',
    url: '/misbehave',
    schema: { body: Misbehaviour },
    async handler(request) {
      misbehave.current = { ...wellBehaved, ...(request.body as Partial<Behaviour>) };
      return misbehave.current;
    },
  },
];
