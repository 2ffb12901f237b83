import type { RouteOptions } from 'fastify';

/** What is shown of metrics. */
export interface ShownMetrics {
  text(): Promise<string>;
  readonly contentType: string;
}

/** What a Prometheus reads. For operators: it is no part of the described API. */
export const metricsRoute = (metrics: ShownMetrics): RouteOptions => ({
  method: 'GET',
  url: '/metrics',
  handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
});
