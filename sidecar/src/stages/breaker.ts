import type { Random } from '@fusebox/api/clock.ts';
import { PASS, type Exchange, type Stage } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import type { RouteState } from '../route-state.ts';
import { admit, REFUSED, retryAfterMs, settle, UNCOUNTED } from '../rules/circuit.ts';
import { judge } from '../rules/verdict.ts';

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
    const verdict = judge(route.failureRules, exchange.outcome ?? 'refused', detailOf(exchange));
    settle(route.circuit, route.breaker, era, verdict, isSlow(exchange), exchange.admittedAtMs, nowMs, random);
    if (route.circuit.state !== before) changed(route);
  },
});

/** What `judge` wants to know besides the kind: the status, or how long the client waited (ms). */
function detailOf(exchange: Exchange): number {
  if (exchange.outcome === 'answered') return exchange.status;
  return exchange.sentMs < 0 ? 0 : exchange.nowMs - exchange.sentMs;
}

/** Slower than the threshold, from the sending to the answer's head. */
function isSlow(exchange: Exchange): boolean {
  const thresholdMs = exchange.route.breaker.slowCallDurationMs;
  if (thresholdMs === null || exchange.sentMs < 0) return false;
  return (exchange.answeredMs < 0 ? exchange.nowMs : exchange.answeredMs) - exchange.sentMs > thresholdMs;
}
