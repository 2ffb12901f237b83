/** What the mutating webhook asks, answered by what the operator has seen. */
import type { Clock, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { Config } from '../config.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Fleet } from '../reconcile/fleet.ts';
import type { Watches } from '../watch/watches.ts';
import type { CaBundles } from './ca-bundles.ts';
import type { Injector } from './webhook.ts';

export interface InjectorParts {
  injection: NonNullable<Config['injection']>;
  caches: { ready: boolean; fleet: Pick<Fleet, 'profileFor'>; watches: Pick<Watches, 'asks'> };
  bundles: Pick<CaBundles, 'provide'>;
  client: Pick<KubeClient, 'serverMinor'>;
  clock: Clock;
  timers: Timers;
  metrics: MetricsRegistry;
  log: Logger;
}

/** Less than the API server waits for a webhook. */
const PATIENCE_MS = 5_000;
/** The API server asks only for pods that are selected: when their namespace is not seen to ask, its label is on its way. */
const LAG_MS = 1_500;
const LOOK_MS = 20;
/** An upgrade of the control plane is noticed within this time (ms). */
const VERSION_MS = 600_000;

export function newInjector(parts: InjectorParts): Injector {
  const { injection, caches, bundles, client, clock, timers, metrics, log } = parts;
  let version: { minor: number | null; atMs: number } | null = null;
  const until = async (holds: () => boolean, patienceMs: number): Promise<boolean> => {
    const endMs = clock.nowMs() + patienceMs;
    while (!holds() && clock.nowMs() < endMs) {
      await new Promise<void>((resolve) => void timers.after(LOOK_MS, resolve));
    }
    return holds();
  };
  return {
    ...injection,
    async known() {
      const inTime = await until(() => caches.ready, PATIENCE_MS);
      if (!inTime) throw new Error('not all profiles and namespaces have been seen yet');
    },
    namespaceAsks: (namespace) => until(() => caches.watches.asks(namespace), LAG_MS),
    profileFor: (who) => caches.fleet.profileFor(who),
    async serverMinor() {
      if (version !== null && clock.nowMs() - version.atMs < VERSION_MS) return version.minor;
      try {
        version = { minor: await client.serverMinor(), atMs: clock.nowMs() };
      } catch (error) {
        log.warn('the version of Kubernetes is not known', { error });
      }
      return version?.minor ?? null;
    },
    provideBundle: (namespace) => bundles.provide(namespace),
    onDecision(outcome, { namespace, name }, why) {
      const help =
        'Pods that asked for a sidecar, by what became of them; also those of dry runs, and asked about twice.';
      metrics.counter('fusebox_operator_pod_reviews_total', help, { outcome }).add();
      if (why !== null) log.warn('a pod was not injected', { namespace, pod: name, why });
    },
  };
}
