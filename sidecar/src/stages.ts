/** TABLE OF CONTENTS. Every request enters these from the top and settles from the bottom up. The order is the product: change it by ADR. */
import type { Random } from '@fusebox/api/clock.ts';
import type { Exchange, Stage } from './exchange.ts';
import type { RouteState } from './route-state.ts';
import type { RoutesInForce } from './routes-in-force.ts';
import { breaker, type CircuitListener } from './stages/breaker.ts';
import { concurrency, type Waiting } from './stages/concurrency.ts';
import { gate } from './stages/gate.ts';
import { rateLimit } from './stages/rate-limit.ts';
import { route } from './stages/route.ts';
import { trace, type TraceOptions } from './stages/trace.ts';

export interface Rules {
  readonly trace: TraceOptions;
  readonly routes: RoutesInForce;
  readonly probeRoute: (exchange: Exchange) => RouteState | null;
  readonly random: Random;
  readonly circuitChanged: CircuitListener;
  readonly waiting: () => Waiting;
}

/** Once per request. */
export const inboundExchange = (rules: Rules): readonly Stage[] => [
  trace(rules.trace), //                             context in, sampled or not: refusals below are traced too
  route(rules.routes, rules.probeRoute), //          which policy rules this request?       no-route
  gate(rules.routes), //                             is it switched on?                     flag-off
  rateLimit(), //                                    is there a token left?                 rate-limit
];

/** Once per try; inbound there is one. `upstream` and `reply` stand at its end. */
export const attempt = (rules: Rules): readonly Stage[] => [
  breaker(rules.random, rules.circuitChanged), //    is the service believed healthy?       circuit-open
  concurrency(rules.waiting), //                     is there a free place, or a queue?     concurrency-limit, queue-timeout
];
