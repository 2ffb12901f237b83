import { PASS, type Exchange, type Stage } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import type { RouteState } from '../route-state.ts';
import type { RoutesInForce } from '../routes-in-force.ts';

/**
 * Finds the route whose settings hold for this exchange until its end. Unmatched requests run under `defaults`, or are refused.
 * `probeRoute` names the one that has no rules, for the kubelet's probes; null: this is none.
 */
export const route = (routes: RoutesInForce, probeRoute: (exchange: Exchange) => RouteState | null): Stage => ({
  name: 'route',
  enter(exchange) {
    const found = probeRoute(exchange) ?? routes.find(exchange);
    if (found !== null) {
      exchange.route = found;
    } else if (routes.unmatched === 'Refuse' && routes.mode !== 'Disabled') {
      if (routes.mode === 'Enforce') return refusals.noRoute;
      exchange.route.metrics.wouldRefuse(refusals.noRoute);
    }
    exchange.route.exchanges++;
    return PASS;
  },
  settle(exchange) {
    exchange.route.exchanges--;
    routes.forgetIfDrained(exchange.route);
  },
});
