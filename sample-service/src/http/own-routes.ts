import type { RouteOptions } from 'fastify';
import { wellBehaved, type Misbehave, type Misbehaviour } from '../misbehave.ts';
import { openApi } from './openapi.ts';
import { misbehaviourSchema } from './schemas.ts';

/** The routes about the service itself: its health, its description and the switch that makes it misbehave. */
export const ownRoutes = (misbehave: Misbehave): RouteOptions[] => [
  { method: 'GET', url: '/healthz', handler: async () => ({ status: 'ok' }) },
  { method: 'GET', url: '/openapi.json', handler: async () => openApi },
  { method: 'GET', url: '/misbehave', handler: async () => misbehave.current },
  {
    method: 'PUT',
    url: '/misbehave',
    schema: { body: misbehaviourSchema },
    async handler(request) {
      misbehave.current = { ...wellBehaved, ...(request.body as Partial<Misbehaviour>) };
      return misbehave.current;
    },
  },
];
