import type { Random } from '@fusebox/api/clock.ts';
import { PASS, type Exchange, type Stage } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import type { RouteState } from '../route-state.ts';
import { admit, REFUSED, retryAfterMs, settle, UNCOUNTED } from '../rules/circuit.ts';
import { judge, type OutcomeKind } from '../rules/verdict.ts';

/** Is told of every change of a circuit, after it happened. */
export type CircuitListener = (route: RouteState) => void;

/** Asks the circuit of the route, and tells it how the attempt ended. Stands before the queue: an open circuit refuses at once. */
export const breaker = (random: Random, changed: CircuitListener): Stage => ({
  name: 'breaker',
  enter(exchange) {
    const { route, nowMs } = exchange;
    const before = route.circuit.state;
    const era = admit(route.circuit, route.breaker, nowMs, random);
    if (route.circuit.state !== before) changed(route);
    exchange.era = era;
    exchange.admittedAtMs = nowMs;
    if (era !== REFUSED) return PASS;
    exchange.era = UNCOUNTED;
    if (route.breaker.mode === 'Shadow') {
      route.metrics.wouldRefuse(refusals.circuitOpen);
      return PASS;
    }
    exchange.retryAfterMs = retryAfterMs(route.circuit, route.breaker, nowMs);
    return refusals.circuitOpen;
  },
  settle(exchange) {
    const { route, era, nowMs } = exchange;
    if (era === UNCOUNTED) return;
    const before = route.circuit.state;
    const outcome = outcomeOf(exchange);
    const verdict = judge(route.failureRules, outcome, outcome === 'answered' ? exchange.status : waitedMs(exchange));
    settle(route.circuit, route.breaker, era, verdict, isSlow(exchange), exchange.admittedAtMs, nowMs, random);
    if (route.circuit.state !== before) changed(route);
  },
});

/** A client that leaves in the middle of an answer says nothing against the service: it had answered. */
function outcomeOf({ outcome, answeredMs }: Exchange): OutcomeKind {
  if (outcome === 'client-gone' && answeredMs >= 0) return 'answered';
  return outcome ?? 'refused';
}

/** How long the client waited for the service (ms). */
const waitedMs = ({ sentMs, nowMs }: Exchange): number => (sentMs < 0 ? 0 : nowMs - sentMs);

/** Slower than the threshold, from the sending to the answer's head. */
function isSlow(exchange: Exchange): boolean {
  const thresholdMs = exchange.route.breaker.slowCallDurationMs;
  if (thresholdMs === null || exchange.sentMs < 0) return false;
  return (exchange.answeredMs < 0 ? exchange.nowMs : exchange.answeredMs) - exchange.sentMs > thresholdMs;
}
