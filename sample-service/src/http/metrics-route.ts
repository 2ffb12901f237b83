import type { RouteOptions } from 'fastify';
import type { Metrics } from '../metrics.ts';

/** What a Prometheus reads. */
export const metricsRoute = (metrics: Metrics): RouteOptions => ({
  method: 'GET',
  url: '/metrics',
  handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
});
