/** Everything that the operator watches, one informer for each kind, and whether it has seen all of it. */
import { CONFIG_LABEL, INJECT_LABEL } from '@fusebox/api/names.ts';
import type { Clock } from '@fusebox/api/clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { type KubeObject, type Resource, resources } from '../kube/resource.ts';
import { BUNDLE_KEY, CA_NAME } from '../pki/secret-keeper.ts';
import { LAST_GOOD_LABEL, liveConfigFacts, MANAGED, savedRevision } from '../reconcile/kept-objects.ts';
import { podFacts, type PodFacts, serviceFacts, type ServiceFacts } from '../reconcile/pod-facts.ts';
import { readSource, type Source, type SourceKind, withReach } from '../reconcile/source.ts';
import type { LiveConfigFacts, SavedRevision } from '../reconcile/world.ts';
import { formatRevision } from '../publish/revision.ts';
import { type Change, Informer, type InformerOptions, type Kind } from './informer.ts';
import { keyOf, Store } from './store.ts';

/** Who is told of changes, once every kind has been seen. */
export interface WatchHandlers {
  source(change: Change<Source>): void;
  pod(change: Change<PodFacts>): void;
  service(change: Change<ServiceFacts>): void;
  liveConfig(change: Change<LiveConfigFacts>): void;
  revision(change: Change<SavedRevision>): void;
}

export interface WatchesOptions extends Pick<InformerOptions<never>, 'timers' | 'random' | 'watcher'> {
  client: Pick<KubeClient, 'list' | 'watch'>;
  clock: Clock;
  /** Where the profile of the whole cluster stands; null: not known. */
  operatorNamespace: string | null;
  handlers: WatchHandlers;
  /** All kinds have been seen: the handlers have been told of every object there is. */
  onSynced(): void;
}

const SOURCES: Readonly<Record<SourceKind, Resource>> = {
  ResiliencePolicy: resources.resiliencePolicies,
  FeatureFlagSet: resources.featureFlagSets,
  SidecarProfile: resources.sidecarProfiles,
  ConfigMap: resources.configMaps,
};

export class Watches {
  readonly liveConfigs = new Store<LiveConfigFacts>();
  /** The authorities that pods of a namespace are told to trust, as they stand there. */
  readonly bundles = new Store<string>();
  /** Namespaces whose pods ask for sidecars. */
  readonly #asking = new Store<true>();
  readonly revisions = new Store<SavedRevision>({ owner: ({ ownerUid }) => [ownerUid] });
  readonly #options: WatchesOptions;
  readonly #informers: { plural: string; settings: boolean; informer: Informer<never>; replay(): void }[] = [];
  #synced = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
    const { clock, handlers, operatorNamespace } = options;
    for (const [kind, resource] of Object.entries(SOURCES) as [SourceKind, Resource][]) {
      const keep = { resource, keep: readSourceOf(kind, clock, operatorNamespace) };
      this.#add(kind === 'ConfigMap' ? { ...keep, labelSelector: `${CONFIG_LABEL}=true` } : keep, new Store(), {
        settings: true,
        tell: handlers.source,
      });
    }
    const keepPod: Kind<PodFacts>['keep'] = (pod) => podFacts(pod, this.asks(pod.metadata.namespace ?? ''));
    const pods = this.#add({ resource: resources.pods, keep: keepPod }, new Store(), {
      settings: true,
      tell: handlers.pod,
    });
    const asking = { resource: resources.namespaces, labelSelector: `${INJECT_LABEL}=true`, keep: () => true as const };
    // Pods that were passed over may take part now, and others no longer.
    this.#add(asking, this.#asking, { settings: false, tell: () => {}, notice: () => pods.relist() });
    this.#add({ resource: resources.services, keep: serviceFacts }, new Store(), {
      settings: true,
      tell: handlers.service,
    });
    this.#add({ resource: resources.liveConfigs, keep: liveConfigFacts }, this.liveConfigs, {
      settings: false,
      tell: handlers.liveConfig,
    });
    const revisions = { resource: resources.controllerRevisions, labelSelector: `${LAST_GOOD_LABEL}=true` };
    this.#add({ ...revisions, keep: savedRevision }, this.revisions, { settings: false, tell: handlers.revision });
    const bundles = { resource: resources.configMaps, labelSelector: MANAGED_SELECTOR, keep: bundleIn };
    this.#add(bundles, this.bundles, { settings: false, tell: () => {} });
  }

  /** Does this namespace ask for sidecars? */
  asks(namespace: string): boolean {
    return this.#asking.get(keyOf({ name: namespace })) !== null;
  }

  /** Has every kind been seen once? */
  get synced(): boolean {
    return this.#synced;
  }

  /** Has every kind been watched once? */
  get watched(): boolean {
    return this.#informers.every(({ informer }) => informer.watched);
  }

  /** For each kind that says what pods obey, the newest `resourceVersion` observed: `configmaps=812,pods=900,…`. */
  revision(): string {
    const known = this.#informers.filter(({ settings, informer }) => settings && informer.resourceVersion !== null);
    return formatRevision(new Map(known.map(({ plural, informer }) => [plural, informer.resourceVersion!])));
  }

  /** Failures in a row of each kind's watch (count). */
  failures(): { plural: string; failures: number }[] {
    return this.#informers.map(({ plural, informer }) => ({ plural, failures: informer.failures }));
  }

  /** Watches until `stop`. */
  async run(): Promise<void> {
    await Promise.all(this.#informers.map(({ informer }) => informer.run()));
  }

  stop(): void {
    for (const { informer } of this.#informers) informer.stop();
  }

  /** Until all kinds are there nobody is told anything: what one object means may depend on one that has not been seen. */
  #add<T>(kind: Kind<T>, store: Store<T>, how: Handling<T>): Informer<T> {
    const { client, clock, timers, random, watcher } = this.#options;
    const informer = new Informer<T>({
      client,
      kind,
      store,
      clock,
      timers,
      random,
      ...(watcher !== undefined && { watcher }),
      onChange: (change) => {
        how.notice?.(change);
        if (this.#synced) how.tell(change);
      },
      onListed: () => this.#check(),
    });
    this.#informers.push({
      plural: kind.resource.plural,
      settings: how.settings,
      informer: informer as unknown as Informer<never>,
      replay: () => {
        for (const key of store.keys()) how.tell({ key, before: null, after: store.get(key) });
      },
    });
    return informer;
  }

  #check(): void {
    if (this.#synced || !this.#informers.every(({ informer }) => informer.synced)) return;
    this.#synced = true;
    // Last good settings and LiveConfigs stand in their stores already; of the others, sources come before pods.
    for (const { replay } of this.#informers) replay();
    this.#options.onSynced();
  }
}

interface Handling<T> {
  /** Does it say what pods obey? */
  settings: boolean;
  tell(change: Change<T>): void;
  /** As `tell`, from the first object on. */
  notice?(change: Change<T>): void;
}

const readSourceOf =
  (kind: SourceKind, clock: Clock, operatorNamespace: string | null): Kind<Source>['keep'] =>
  (object, before) =>
    withReach(readSource(kind, object, before, clock.nowMs()), operatorNamespace);

const MANAGED_SELECTOR = Object.entries(MANAGED)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');

function bundleIn({ metadata, data }: KubeObject): string | null {
  const { [BUNDLE_KEY]: bundle = '' } = Object(data) as Record<string, string>;
  return metadata.name === CA_NAME ? bundle : null;
}
