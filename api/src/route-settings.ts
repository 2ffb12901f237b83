import Type, { type Static } from 'typebox';
import { Block, Duration, matching, NOT_YET, Text } from './schema.ts';
import { variantName } from './flag-definition.ts';
import { BreakerSpec } from './breaker-settings.ts';
import { ConcurrencySpec } from './concurrency-settings.ts';
import { flagKey } from './flag-set.ts';
import { RateLimitSpec } from './rate-limit-settings.ts';
import { RouteMatchSpec } from './route-match.ts';

const ROUTE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const blocks = {
  timeout: Duration({
    description: "Until the answer's head has come; 0s: no limit.",
    builtIn: '15s',
    minimumMs: 0,
  }),
  idleTimeout: Duration({
    description: 'Between two pieces of the exchange after that; 0s: no limit.',
    builtIn: '60s',
    minimumMs: 0,
  }),
  maxDuration: Duration({ description: 'For the whole exchange; 0s or nothing: no limit.', minimumMs: 0 }),
  concurrency: ConcurrencySpec,
  rateLimit: RateLimitSpec,
  circuitBreaker: BreakerSpec,
};

const refused = { priority: NOT_YET, retry: NOT_YET };

/** What holds for every route that does not say otherwise, and for requests that no route takes. */
export const RouteDefaultsSpec = Block(blocks, {
  description: 'What holds for every route, field by field, unless the route says otherwise.',
  refused: {
    ...refused,
    name: 'belongs to a route, not to defaults',
    match: 'belongs to a route, not to defaults',
    when: 'belongs to a route, not to defaults',
    flag: 'belongs to a route, not to defaults',
  },
});
export type RouteDefaultsSpec = Static<typeof RouteDefaultsSpec>;

const WhenSpec = Type.Object(
  {
    flag: Text(flagKey, { description: 'Key of the flag that is asked.', maxLength: 128 }),
    variant: Type.Optional(
      Text(variantName, {
        description: 'Name of the variant that it must have. Not written: its value must be true.',
        maxLength: 1_024,
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Part of the match: only requests for which a flag has this variant. Of two routes with one match, the one with when is considered first.',
  },
);

/** One route. Its name is the identity of its circuit, limiter and metrics. */
export const RouteSpec = Type.Object(
  {
    name: Text(matching(ROUTE_NAME, 'is not a route name (lower-case letters, digits and -, at most 63 characters)'), {
      description: 'Unique in the policy; state follows it through every edit.',
      maxLength: 63,
    }),
    match: Type.Optional(RouteMatchSpec),
    when: Type.Optional(WhenSpec),
    flag: Type.Optional(
      Text(flagKey, { description: 'Key of the flag that switches this route; off is 404 flag-off.', maxLength: 128 }),
    ),
    ...RouteDefaultsSpec.properties,
  },
  { additionalProperties: false, refused },
);
export type RouteSpec = Static<typeof RouteSpec>;
