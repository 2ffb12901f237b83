import type { Refusal } from '../refusals.ts';
import type { RouteMetrics } from '../route-state.ts';
import type { Counter, MetricsRegistry } from '@fusebox/runtime/metrics.ts';

const REQUESTS_HELP = 'Requests that ended, by the status that the client got (499: it left first).';
const DURATION_HELP = 'From the end of the request head to the last byte of the answer (s).';
const REFUSED_HELP = 'Requests that the sidecar refused or cut, by reason.';
const WOULD_REFUSE_HELP = 'Requests that Shadow let pass and Enforce would have refused, by reason.';

/** The metrics of one route: handles are bound here, so that the hot path looks nothing up by text. */
export function routeMetrics(registry: MetricsRegistry, route: string): RouteMetrics {
  const labels = { direction: 'inbound', route };
  const byStatus: (Counter | undefined)[] = [];
  const duration = registry.histogram('fusebox_request_duration_seconds', DURATION_HELP, labels);
  const refused = byReason(registry, 'fusebox_refused_total', REFUSED_HELP, labels);
  const wouldRefuse = byReason(registry, 'fusebox_would_refuse_total', WOULD_REFUSE_HELP, labels);
  return {
    answered(status, seconds) {
      const counter = (byStatus[status] ??= registry.counter('fusebox_requests_total', REQUESTS_HELP, {
        ...labels,
        code: String(status),
      }));
      counter.add();
      duration.observe(seconds);
    },
    refused: (refusal) => refused(refusal).add(),
    wouldRefuse: (refusal) => wouldRefuse(refusal).add(),
    remove: () => registry.removeSeries('route', route),
  };
}

function byReason(
  registry: MetricsRegistry,
  name: string,
  help: string,
  labels: Record<string, string>,
): (refusal: Refusal) => Counter {
  const counters = new Map<Refusal, Counter>();
  return (refusal) => {
    let counter = counters.get(refusal);
    if (counter === undefined) {
      counter = registry.counter(name, help, { ...labels, reason: refusal.reason });
      counters.set(refusal, counter);
    }
    return counter;
  };
}
