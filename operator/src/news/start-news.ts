/** The news of a running operator: Events, the bus where one is configured, and who decides what is told. */
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import { API_VERSION } from '@fusebox/api/names.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Publisher } from '../publish/publisher.ts';
import { Events } from './events.ts';
import { type BusCounts, NatsBus } from './nats-bus.ts';
import { openNats } from './nats-connection.ts';
import type { NewsSubject } from './news.ts';
import { Newsroom } from './newsroom.ts';

/** A source as far as news names it. */
interface NamedSource {
  kind: string;
  namespace: string;
  name: string;
  uid: string;
}

/** What is known of pods; the fleet of `reconcile` fits. */
export interface KnownPods {
  pod(uid: string): { facts: { namespace: string; owner: { name: string } | null }; group: string } | null;
  sourcesOf(group: string): readonly string[];
  ruling(key: string, namespace: string): { source: NamedSource } | null;
}

export interface StartNewsOptions {
  client: Pick<KubeClient, 'apply'>;
  /** Such as `nats://user:password@nats:4222`; null: no bus. */
  natsUrl: string | null;
  /** The name of this replica. */
  replica: string;
  publisher: Pick<Publisher, 'acked'>;
  pods: KnownPods;
  mayWrite: () => boolean;
  clock: Clock;
  timers: Timers;
  random: Random;
  log: Logger;
}

export interface RunningNews {
  readonly newsroom: Newsroom;
  /** Of the bus; null: there is none. */
  readonly busCounts: () => BusCounts | null;
  stop(): Promise<void>;
}

/** What `kubectl describe` of a source shows Events of: the object that people write. */
export const sourceSubject = ({ kind, namespace, name, uid }: NamedSource): NewsSubject => ({
  apiVersion: kind === 'ConfigMap' ? 'v1' : API_VERSION,
  kind,
  namespace,
  name,
  uid,
});

/** Begins at once; whether NATS can be reached makes no difference to anybody. */
export function startNews(options: StartNewsOptions): RunningNews {
  const { client, natsUrl, replica, publisher, pods, mayWrite, clock, timers, random, log } = options;
  const events = new Events({ client, replica, clock, timers, log });
  const bus = natsUrl === null ? null : new NatsBus({ connect: () => openNats(natsUrl), timers, random, log });
  bus?.start();
  const newsroom = new Newsroom({
    acked: (podUid) => publisher.acked(podUid),
    mayTell: mayWrite,
    workloadOf: (podUid) => pods.pod(podUid)?.facts.owner?.name ?? null,
    sourcesOf(podUid) {
      const pod = pods.pod(podUid);
      if (pod === null) return [];
      const rulings = pods.sourcesOf(pod.group).map((key) => pods.ruling(key, pod.facts.namespace));
      return rulings.flatMap((ruling) => (ruling === null ? [] : [sourceSubject(ruling.source)]));
    },
    events,
    bus,
    clock,
  });
  return {
    newsroom,
    busCounts: () => bus?.counts ?? null,
    async stop() {
      events.stop();
      await bus?.stop();
    },
  };
}
