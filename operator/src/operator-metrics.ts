/** What the operator tells of itself on `/metrics`, and in the log when something fails. */
import type { Logger } from '@fusebox/runtime/log.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { Controller } from './controller.ts';
import { Denials } from './kube/denials.ts';
import { hasCode } from './kube/kube-error.ts';
import type { QueueWatcher } from './queue/work-queue.ts';
import type { InformerWatcher } from './watch/informer.ts';

/** Counts lists and watches. A kind that cannot be watched is logged each time, and once when it can be again. */
export function informerWatcher(registry: MetricsRegistry, log: Logger): InformerWatcher {
  const count = (name: string, help: string, resource: string) => registry.counter(name, help, { resource }).add();
  return {
    listed(resource, items) {
      count('fusebox_operator_lists_total', 'Complete lists of a kind.', resource);
      log.debug('listed', { resource, items });
    },
    watchDied(resource) {
      count('fusebox_operator_watches_died_total', 'Watches that did not end in their time.', resource);
      log.info('a watch was dead; the next one goes on', { resource });
    },
    failed(resource, error, failuresInRow) {
      count('fusebox_operator_watch_failures_total', 'Lists and watches that failed.', resource);
      const hint = hasCode(error, 'NotFound') ? { hint: 'is the kind installed? kubectl apply -f crds/' } : {};
      log.warn('cannot watch; what was seen last stays in force', { resource, error, failuresInRow, ...hint });
    },
    recovered: (resource) => log.info('watching again', { resource }),
  };
}

/** Tells what the API server does not allow: in the log once, and on `/metrics` as long as it lasts. */
export function newDenials(registry: MetricsRegistry, log: Logger): Denials {
  const denials: Denials = new Denials({
    denied: (denial, error) =>
      log.error('the API server does not allow this; the role of the operator must', { ...denial, error }),
    allowed: (denial) => log.info('the API server allows this now', { ...denial }),
  });
  const count = (): number => denials.list.length;
  registry.gauge('fusebox_operator_denied', 'Kinds of requests that the API server does not allow.', {}, count);
  return denials;
}

/** Counts turns, and logs those that failed. */
export function queueWatcher(registry: MetricsRegistry, log: Logger): QueueWatcher {
  return {
    ended(lane, waitedMs, tookMs, failed) {
      const seconds = (name: string, help: string) => registry.histogram(name, help, { lane });
      seconds('fusebox_operator_queue_wait_seconds', 'From the first add of a key until its turn (s).').observe(
        waitedMs / 1_000,
      );
      seconds('fusebox_operator_turn_seconds', 'Time of a turn (s).').observe(tookMs / 1_000);
      if (failed) registry.counter('fusebox_operator_turn_failures_total', 'Turns that failed.', { lane }).add();
    },
    failed: (lane, key, error, failuresInRow) =>
      log.warn('a turn failed; it is repeated', { lane, key, error, failuresInRow }),
  };
}

/** Shows how much there is, and who leads. */
export function registerControllerGauges(
  registry: MetricsRegistry,
  controller: Controller,
  { leading, connected }: { leading: () => boolean; connected: () => number },
): void {
  for (const lane of ['publish', 'status'] as const) {
    const depth = (): number => controller.queue.depth(lane);
    registry.gauge('fusebox_operator_queue_depth', 'Keys that wait for a turn or have one.', { lane }, depth);
  }
  for (const { plural } of controller.watches.failures()) {
    const failures = (): number => controller.watches.failures().find((kind) => kind.plural === plural)!.failures;
    registry.gauge('fusebox_operator_watch_failing', 'Failures in a row; 0: watched.', { resource: plural }, failures);
  }
  registry.gauge('fusebox_operator_pods', 'Pods that take part.', {}, () => controller.fleet.sizes.pods);
  registry.gauge(
    'fusebox_operator_groups',
    'Groups of pods with one snapshot.',
    {},
    () => controller.fleet.sizes.groups,
  );
  registry.gauge(
    'fusebox_operator_blob_bytes',
    'Long and binary values of ConfigMaps that are kept (bytes), each once.',
    {},
    () => controller.fleet.blobs.sizes.bytes,
  );
  registry.gauge('fusebox_operator_snapshots', 'Different snapshots in force.', {}, () => controller.settlement.size);
  registry.gauge('fusebox_operator_connected', 'Pods whose sidecar is connected here.', {}, connected);
  registry.gauge('fusebox_operator_leader', '1: this replica writes.', {}, () => (leading() ? 1 : 0));
}
