/** Everything that the operator watches, one informer for each kind, and whether it has seen all of it. */
import { CONFIG_LABEL } from '@fusebox/api/names.ts';
import type { Clock } from '@fusebox/api/clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Resource, resources } from '../kube/resource.ts';
import { LAST_GOOD_LABEL, liveConfigFacts, savedRevision } from '../reconcile/kept-objects.ts';
import { podFacts, type PodFacts, serviceFacts, type ServiceFacts } from '../reconcile/pod-facts.ts';
import { readSource, type Source, type SourceKind } from '../reconcile/source.ts';
import type { LiveConfigFacts, SavedRevision } from '../reconcile/world.ts';
import { formatRevision } from '../publish/revision.ts';
import { type Change, Informer, type InformerOptions, type Kind } from './informer.ts';
import { Store } from './store.ts';

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
  readonly revisions = new Store<SavedRevision>({ owner: ({ ownerUid }) => [ownerUid] });
  readonly #options: WatchesOptions;
  readonly #informers: { plural: string; settings: boolean; informer: Informer<never>; replay(): void }[] = [];
  #synced = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
    const { clock, handlers } = options;
    for (const [kind, resource] of Object.entries(SOURCES) as [SourceKind, Resource][]) {
      const keep = { resource, keep: readSourceOf(kind, clock) };
      this.#add(kind === 'ConfigMap' ? { ...keep, labelSelector: `${CONFIG_LABEL}=true` } : keep, new Store(), {
        settings: true,
        tell: handlers.source,
      });
    }
    this.#add({ resource: resources.pods, keep: podFacts }, new Store(), { settings: true, tell: handlers.pod });
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
  #add<T>(kind: Kind<T>, store: Store<T>, how: { settings: boolean; tell(change: Change<T>): void }): void {
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
  }

  #check(): void {
    if (this.#synced || !this.#informers.every(({ informer }) => informer.synced)) return;
    this.#synced = true;
    // Last good settings and LiveConfigs stand in their stores already; of the others, sources come before pods.
    for (const { replay } of this.#informers) replay();
    this.#options.onSynced();
  }
}

const readSourceOf =
  (kind: SourceKind, clock: Clock): Kind<Source>['keep'] =>
  (object, before) =>
    readSource(kind, object, before, clock.nowMs());
