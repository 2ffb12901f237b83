import { PASS, WAIT, type Exchange, type Stage } from '../exchange.ts';
import { refusals, type Refusal } from '../refusals.ts';
import type { RouteState } from '../route-state.ts';
import { UNCOUNTED } from '../rules/circuit.ts';
import {
  admitWaiting,
  enqueue,
  leave,
  nextExpiryMs,
  release,
  takeExpired,
  takeFirst,
  tryAcquire,
  wouldRefuse,
} from '../rules/limiter.ts';

/** What becomes of an exchange that waited. */
export interface Waiting {
  /** It holds a place now. Runs it once the present one has settled. */
  resume(exchange: Exchange): void;
  refuse(exchange: Exchange, refusal: Refusal): void;
}

/** Admits at most `maxConcurrent` exchanges per route; a place is held until the last byte of the answer. */
export const concurrency = (waiting: () => Waiting): Stage => ({
  name: 'concurrency',
  enter(exchange) {
    const { limiter, settings, metrics, queueAlarm } = exchange.route;
    const limit = settings.concurrency;
    if (limit?.mode === 'Shadow' && wouldRefuse(limiter, limit)) metrics.wouldRefuse(refusals.concurrencyLimit);
    if (tryAcquire(limiter, limit)) return PASS;
    // Without settings `tryAcquire` never says no.
    if (limit === null || !enqueue(limiter, limit, exchange, exchange.nowMs)) return refusals.concurrencyLimit;
    queueAlarm.set(nextExpiryMs(limiter, limit));
    return WAIT;
  },
  settle(exchange) {
    serve(
      exchange.route,
      release(exchange.route.limiter, exchange.route.settings.concurrency),
      waiting(),
      exchange.nowMs,
    );
  },
  resumed: (exchange) => (isOutdated(exchange) ? refusals.circuitOpen : PASS),
  leave(exchange) {
    leave(exchange.route.limiter, exchange);
  },
});

/** New settings may have made room, or a shorter `queue.timeout`: looks after those who wait on this route. */
export function afterEdit(route: RouteState, waiting: Waiting, nowMs: number): void {
  serve(route, admitWaiting(route.limiter, route.settings.concurrency), waiting, nowMs);
  expireWaiting(route, waiting, nowMs);
}

/** Refuses whoever has waited `queue.timeout`, and sets the alarm for the next. */
export function expireWaiting(route: RouteState, waiting: Waiting, nowMs: number): void {
  const limit = route.settings.concurrency;
  if (limit === null) return;
  for (
    let late = takeExpired(route.limiter, limit, nowMs);
    late !== null;
    late = takeExpired(route.limiter, limit, nowMs)
  ) {
    late.nowMs = nowMs;
    waiting.refuse(late, refusals.queueTimeout);
  }
  const nextMs = nextExpiryMs(route.limiter, limit);
  if (nextMs >= 0) route.queueAlarm.set(nextMs);
  else route.queueAlarm.clear();
}

/** Refuses all who wait: the circuit opened, or the end has come. */
export function refuseWaiting(
  route: RouteState,
  { refuse, refusal, nowMs }: Pick<Waiting, 'refuse'> & { refusal: Refusal; nowMs: number },
): void {
  for (let next = takeFirst(route.limiter); next !== null; next = takeFirst(route.limiter)) {
    next.nowMs = nowMs;
    refuse(next, refusal);
  }
}

function serve(route: RouteState, first: Exchange | null, waiting: Waiting, nowMs: number): void {
  for (let next = first; next !== null; next = admitWaiting(route.limiter, route.settings.concurrency)) {
    next.nowMs = nowMs;
    waiting.resume(next);
  }
}

/** The circuit that admitted this exchange has opened while it waited. */
function isOutdated({ route, era }: Exchange): boolean {
  const { state } = route.circuit;
  return era !== UNCOUNTED && route.breaker.mode === 'Enforce' && state.kind !== 'closed' && era !== state.era;
}
