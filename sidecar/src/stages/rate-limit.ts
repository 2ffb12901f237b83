import type { RateLimitSettings } from '@fusebox/api/snapshot.ts';
import { PASS, type Exchange, type Stage } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import { takeFrom } from '../rules/bucket-table.ts';

/** Takes a token from the bucket of the route, of the header's value or of the client's address. */
export const rateLimit = (): Stage => ({
  name: 'rate-limit',
  enter(exchange) {
    const { settings, buckets, metrics } = exchange.route;
    const limit = settings.rateLimit;
    if (limit === null || limit.mode === 'Disabled') return PASS;
    const waitMs = takeFrom(buckets, limit, bucketKey(exchange, limit), exchange.nowMs);
    if (waitMs === 0) return PASS;
    if (limit.mode === 'Shadow') {
      metrics.wouldRefuse(refusals.rateLimit);
      return PASS;
    }
    exchange.retryAfterMs = waitMs;
    return refusals.rateLimit;
  },
});

/** Requests without the header share one bucket: leaving it out must not lift the limit. */
function bucketKey(exchange: Exchange, limit: RateLimitSettings): string {
  switch (limit.per.kind) {
    case 'route':
      return '';
    case 'header':
      return exchange.header(limit.per.name) ?? '';
    case 'clientAddress':
      return exchange.client.address;
  }
}
