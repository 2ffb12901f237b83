/**
 * The operator from one end to the other:
 *
 *   watch    an object changed            → the groups of pods and the sources that this concerns, as keys
 *   publish  a group's turn               → compile what it is to obey, hand it to the publisher
 *   report   a sidecar answered           → the sources that are for its pod, as keys
 *   status   a source's turn (the leader) → observe → plan → act
 */
import { clusterWide } from '@fusebox/api/compile/cluster-profile.ts';
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import { readObject } from '@fusebox/api/document.ts';
import type { ObjectStatus } from '@fusebox/api/object-status.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { InjectionDefaults } from './inject/injection-settings.ts';
import type { KubeClient } from './kube/client.ts';
import { resources } from './kube/resource.ts';
import type { Publisher } from './publish/publisher.ts';
import { standingOf } from './publish/revision.ts';
import { type QueueWatcher, WorkQueue } from './queue/work-queue.ts';
import { Fleet } from './reconcile/fleet.ts';
import type { InForce } from './reconcile/in-force.ts';
import { observe, type Sight } from './reconcile/observe.ts';
import { type Action, plan } from './reconcile/plan.ts';
import { PodMemories } from './reconcile/pod-memories.ts';
import { Settlement } from './reconcile/settlement.ts';
import { type Source, sourceKey } from './reconcile/source.ts';
import { write } from './status/patch.ts';
import { WrittenStatuses } from './status/written-statuses.ts';
import { Enqueue } from './watch/enqueue.ts';
import type { InformerWatcher } from './watch/informer.ts';
import { keyOf } from './watch/store.ts';
import { Watches } from './watch/watches.ts';

export interface ControllerOptions {
  client: KubeClient;
  publisher: Publisher;
  clock: Clock;
  timers: Timers;
  random: Random;
  log: Logger;
  /** May this replica write? Every replica publishes. */
  leading: () => boolean;
  /** Where the operator is: the profile of the whole cluster stands there; null: not known. */
  operatorNamespace: string | null;
  /** What a new pod is given where no profile says otherwise; null: nothing is injected. */
  injection: InjectionDefaults | null;
  /** A status was written in place of that one (null: of none). */
  onStatus?(source: Source, before: ObjectStatus | null, after: ObjectStatus): void;
  informerWatcher?: InformerWatcher;
  queueWatcher?: QueueWatcher;
}

/** Turns about sources that wait for the API server at once (count). */
const STATUS_PLACES = 8;
/** A source waits for its turn until all that is known has been published (ms, a look each). */
const PUBLISHING_MS = 2;
/** How often a replica that is behind looks whether it has caught up (ms). */
const CATCH_UP_MS = 20;

/** What last good settings are is no matter of opinion: revisions are named by their content, and whoever is first makes them. */
const isForEverybody = (action: Action): boolean => action.do === 'saveLastGood' || action.do === 'dropRevision';

export class Controller {
  readonly fleet = new Fleet();
  readonly settlement = new Settlement(this.fleet);
  readonly queue: WorkQueue<'publish' | 'status'>;
  readonly watches: Watches;
  readonly #options: ControllerOptions;
  readonly #memories: PodMemories;
  readonly #written = new WrittenStatuses();
  readonly #enqueue: Enqueue;
  #syncedAtMs = 0;
  #wasReady = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { client, publisher, clock, timers, random, informerWatcher, queueWatcher, operatorNamespace } = options;
    this.#memories = new PodMemories(publisher);
    this.queue = new WorkQueue({
      lanes: {
        publish: { places: 1, turn: async (key) => this.#publishTurn(key) },
        status: { places: STATUS_PLACES, turn: (key) => this.#statusTurn(key) },
      },
      clock,
      timers,
      random,
      ...(queueWatcher !== undefined && { watcher: queueWatcher }),
    });
    this.#enqueue = new Enqueue({
      fleet: this.fleet,
      memories: this.#memories,
      written: this.#written,
      caches: () => this.watches,
      queue: this.queue,
      clock,
    });
    this.watches = new Watches({
      client,
      clock,
      timers,
      random,
      operatorNamespace,
      ...(informerWatcher !== undefined && { watcher: informerWatcher }),
      handlers: this.#enqueue.handlers,
      onSynced: () => {
        this.#syncedAtMs = clock.nowMs();
        this.queue.start();
      },
    });
  }

  /** Watches, publishes and writes status until `stop`. */
  run(): Promise<void> {
    return this.watches.run();
  }

  stop(): void {
    this.watches.stop();
    this.queue.stop();
  }

  /** Have the caches been complete, all that was in them published, and changes been awaited? Once true, it stays so. */
  get ready(): boolean {
    this.#wasReady ||= this.#caughtUp && this.watches.watched;
    return this.#wasReady;
  }

  /** See `Watches.revision`. */
  revision(): string {
    return this.watches.revision();
  }

  /** True as soon as all that `revision` speaks of was observed and published; false when that takes longer than this (ms). */
  async waitFor(revision: string, timeoutMs: number): Promise<boolean> {
    const { clock, timers } = this.#options;
    const untilMs = clock.nowMs() + timeoutMs;
    for (;;) {
      if (this.#caughtUp && standingOf(this.revision(), revision) === 'reached') return true;
      if (clock.nowMs() >= untilMs) return false;
      await new Promise<void>((resolve) => void timers.after(CATCH_UP_MS, resolve));
    }
  }

  /** A report came from this pod, or its stream was opened or closed. */
  reported(podUid: string): void {
    this.#enqueue.reported(podUid);
  }

  /** This replica writes from now on: what another one left undone is done. */
  lead(): void {
    for (const key of this.fleet.rulingKeys()) this.queue.add('status', key);
  }

  get #caughtUp(): boolean {
    return this.watches.synced && this.queue.depth('publish') === 0;
  }

  #publishTurn(groupKey: string): null {
    const settled = this.settlement.settle(groupKey);
    const compiled = settled?.compiled ?? null;
    if (settled !== null && compiled !== null && settled.heldBy.length === 0) {
      const { snapshot, blobs } = compiled;
      for (const uid of this.fleet.group(groupKey)?.pods ?? []) this.#memories.publish(uid, snapshot, blobs);
    }
    // Also of a group that lost its last pod: whoever was for it counts one less.
    this.#enqueue.statusOf(groupKey);
    return null;
  }

  async #statusTurn(key: string): Promise<number | null> {
    const { client, clock, leading, onStatus } = this.#options;
    // What is not compiled yet could be told too early: conflicts are found by compiling.
    if (this.queue.depth('publish') > 0) return PUBLISHING_MS;
    const world = observe(key, this.#sight());
    const { actions, recheckAfterMs } = plan(world);
    const failures: Error[] = [];
    for (const action of actions) {
      try {
        if (action.do === 'loadLastGood') await this.#loadLastGood(action.source, action.revision);
        else if (leading() || isForEverybody(action)) {
          await write(client, action);
          if (action.do !== 'applyStatus') continue;
          this.#written.wrote(key, action.status, clock.nowMs());
          onStatus?.(world.ruling!.source, world.statusBefore, action.status);
        }
      } catch (error) {
        // What else is to be done does not depend on it: settings that cannot be saved still have a status.
        failures.push(error as Error);
      }
    }
    const [failure] = failures;
    if (failure !== undefined) throw failure;
    return recheckAfterMs;
  }

  #sight(): Sight {
    return {
      fleet: this.fleet,
      settlement: this.settlement,
      publisher: this.#options.publisher,
      memories: this.#memories,
      liveConfig: (namespace, name) => this.watches.liveConfigs.get(keyOf({ namespace, name })),
      revisions: (ownerUid) => this.watches.revisions.by('owner', ownerUid),
      written: this.#written,
      syncedAtMs: this.#syncedAtMs,
      injection: this.#options.injection,
      clock: this.#options.clock,
    };
  }

  async #loadLastGood(source: Source, revision: string): Promise<void> {
    const { client, log, operatorNamespace } = this.#options;
    const key = sourceKey(source);
    const object = await client.get(resources.controllerRevisions, source.namespace, revision);
    const ruling = this.fleet.ruling(key, source.namespace);
    // Meanwhile it may have been mended or deleted.
    if (ruling === null || ruling.inForce.state !== 'saved' || ruling.source.uid !== source.uid) return;
    const reading = readObject(object?.['data'] ?? null, null);
    const inForce: InForce =
      'document' in reading
        ? {
            state: 'lastGood',
            document: clusterWide(reading.document, operatorNamespace),
            tag: `${source.uid}@${revision}`,
          }
        : { state: 'frozen' };
    log.warn('settings are not valid', { object: key, inForce: inForce.state });
    const groups = this.fleet.setSource(key, source.namespace, { source: ruling.source, inForce });
    for (const group of groups) this.queue.add('publish', group);
    this.queue.add('status', key);
  }
}
