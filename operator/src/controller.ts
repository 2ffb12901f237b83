/**
 * The operator from one end to the other:
 *
 *   watch    an object changed            → the groups of pods and the sources that this concerns, as keys
 *   publish  a group's turn               → compile what it is to obey, hand it to the publisher
 *   report   a sidecar answered           → the sources that are for its pod, as keys
 *   status   a source's turn (the leader) → observe → plan → act
 */
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import { readObject } from '@fusebox/api/document.ts';
import type { ObjectStatus } from '@fusebox/api/object-status.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from './kube/client.ts';
import { resources } from './kube/resource.ts';
import type { Publisher } from './publish/publisher.ts';
import { standingOf } from './publish/revision.ts';
import type { QueueWatcher } from './queue/work-queue.ts';
import { WorkQueue } from './queue/work-queue.ts';
import { Fleet } from './reconcile/fleet.ts';
import { type InForce, inForceOf } from './reconcile/in-force.ts';
import { observe, type PodMemory, type Sight } from './reconcile/observe.ts';
import { plan } from './reconcile/plan.ts';
import type { PodFacts, ServiceFacts } from './reconcile/pod-facts.ts';
import { Settlement } from './reconcile/settlement.ts';
import { type Source, sourceKey, tagOf } from './reconcile/source.ts';
import type { LiveConfigFacts, SavedRevision } from './reconcile/world.ts';
import { write } from './status/patch.ts';
import type { Change, InformerWatcher } from './watch/informer.ts';
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
  informerWatcher?: InformerWatcher;
  queueWatcher?: QueueWatcher;
}

/** Turns about sources that wait for the API server at once (count). */
const STATUS_PLACES = 8;
/** Reports of many pods that come together are looked at together (ms). */
const REPORTS_MS = 20;
/** A source waits for its turn until all that is known has been published (ms, a look each). */
const PUBLISHING_MS = 2;
/** How often a replica that is behind looks whether it has caught up (ms). */
const CATCH_UP_MS = 20;

export class Controller {
  readonly fleet = new Fleet();
  readonly settlement = new Settlement(this.fleet);
  readonly queue: WorkQueue<'publish' | 'status'>;
  readonly watches: Watches;
  readonly #options: ControllerOptions;
  readonly #memories = new Map<string, PodMemory>();
  readonly #written = new Map<string, { status: ObjectStatus; atMs: number; shown: boolean }>();
  readonly #sight: Sight;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { client, publisher, clock, timers, random, informerWatcher, queueWatcher } = options;
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
    this.watches = new Watches({
      client,
      clock,
      timers,
      random,
      ...(informerWatcher !== undefined && { watcher: informerWatcher }),
      handlers: {
        source: (change) => this.#sourceChanged(change),
        pod: (change) => this.#podChanged(change),
        service: (change) => this.#serviceChanged(change),
        liveConfig: (change) => this.#liveConfigChanged(change),
        revision: (change) => this.#revisionChanged(change),
      },
      onSynced: () => {
        this.#sight.syncedAtMs = clock.nowMs();
        this.queue.start();
      },
    });
    this.#sight = {
      fleet: this.fleet,
      settlement: this.settlement,
      publisher,
      memories: this.#memories,
      liveConfig: (namespace, name) => this.watches.liveConfigs.get(keyOf({ namespace, name })),
      revisions: (ownerUid) => this.watches.revisions.by('owner', ownerUid),
      written: (key) => this.#written.get(key) ?? null,
      syncedAtMs: 0,
      clock,
    };
  }

  /** Watches, publishes and writes status until `stop`. */
  run(): Promise<void> {
    return this.watches.run();
  }

  stop(): void {
    this.watches.stop();
    this.queue.stop();
  }

  /** Are the caches complete, and has all that was in them been published? */
  get ready(): boolean {
    return this.watches.synced && this.queue.depth('publish') === 0;
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
      if (this.ready && standingOf(this.revision(), revision) === 'reached') return true;
      if (clock.nowMs() >= untilMs) return false;
      await new Promise<void>((resolve) => void timers.after(CATCH_UP_MS, resolve));
    }
  }

  /** A report came from this pod, or its stream was opened or closed. */
  reported(podUid: string): void {
    const acked = this.#options.publisher.acked(podUid);
    const memory = this.#memory(podUid);
    if (memory !== null && memory.acked !== acked) {
      memory.acked = acked;
      memory.atMs = this.#options.clock.nowMs();
    }
    const pod = this.fleet.pod(podUid);
    if (pod !== null) this.#addSourcesOf(pod.group, REPORTS_MS);
  }

  /** This replica leads now: what others may have left undone is looked at. */
  lead(): void {
    for (const key of this.fleet.rulingKeys()) this.queue.add('status', key);
  }

  #memory(podUid: string): PodMemory | null {
    if (this.fleet.pod(podUid) === null) return null;
    let memory = this.#memories.get(podUid);
    if (memory === undefined) {
      memory = { acked: null, atMs: 0, ackedBefore: null, publishedDigest: null };
      this.#memories.set(podUid, memory);
    }
    return memory;
  }

  #sourceChanged({ before, after }: Change<Source>): void {
    const source = (after ?? before)!;
    const key = sourceKey(source);
    const ruling = this.fleet.ruling(key, source.namespace);
    const written = this.#written.get(key);
    if (written !== undefined && source.kind !== 'ConfigMap') written.shown = true;
    if (after === null) this.#written.delete(key);
    const known = ruling?.source.uid === after?.uid ? (ruling?.inForce ?? null) : null;
    const inForce = after === null ? null : inForceOf(after, known, this.#tracesOf(after));
    const touched = this.fleet.setSource(
      key,
      source.namespace,
      after === null ? null : { source: after, inForce: inForce! },
    );
    const sameSettings = ruling !== null && after !== null && tagOf(ruling.source) === tagOf(after);
    if (!sameSettings) for (const group of touched) this.queue.add('publish', group);
    this.queue.add('status', key);
  }

  #tracesOf(source: Source): { revision: string | null; wasAccepted: boolean } {
    const { namespace, name, uid } = source;
    const liveConfig = this.watches.liveConfigs.get(keyOf({ namespace, name }));
    const status = source.kind === 'ConfigMap' ? liveConfig?.status : source.status;
    const accepted = status?.conditions?.some(
      (condition) => condition.type === 'Accepted' && condition.status === 'True',
    );
    return {
      revision: this.watches.revisions.by('owner', uid)[0]?.name ?? null,
      wasAccepted: accepted === true || status?.version !== undefined,
    };
  }

  #podChanged({ before, after }: Change<PodFacts>): void {
    const { clock, publisher } = this.#options;
    const gone = before !== null && before.uid !== after?.uid ? before.uid : null;
    if (gone !== null) {
      this.#touch(this.fleet.setPod(gone, null, clock.nowMs()));
      this.#memories.delete(gone);
      publisher.withdraw(gone);
    }
    if (after !== null) this.#touch(this.fleet.setPod(after.uid, after, clock.nowMs()));
  }

  #serviceChanged({ key, before, after }: Change<ServiceFacts>): void {
    const { namespace } = (after ?? before)!;
    this.#touch(this.fleet.setService(key, namespace, after, this.#options.clock.nowMs()));
  }

  #liveConfigChanged({ before, after }: Change<LiveConfigFacts>): void {
    const { namespace, name } = (after ?? before)!;
    const key = sourceKey({ kind: 'ConfigMap', namespace, name });
    const written = this.#written.get(key);
    if (written !== undefined) written.shown = true;
    this.queue.add('status', key);
  }

  #revisionChanged({ before, after }: Change<SavedRevision>): void {
    const { ownerUid } = (after ?? before)!;
    const key = this.fleet.keyOfUid(ownerUid);
    if (key !== null) this.queue.add('status', key);
  }

  /** These groups are compiled again; who is for them looks again, also when a group is about to vanish. */
  #touch(groups: readonly string[]): void {
    for (const group of groups) {
      this.queue.add('publish', group);
      this.#addSourcesOf(group, 0);
    }
  }

  #addSourcesOf(groupKey: string, delayMs: number): void {
    for (const key of this.fleet.sourcesOf(groupKey)) {
      if (delayMs === 0) this.queue.add('status', key);
      else this.queue.addAfter('status', key, delayMs);
    }
  }

  #publishTurn(groupKey: string): null {
    const { publisher } = this.#options;
    const settled = this.settlement.settle(groupKey);
    const snapshot = settled?.compiled?.snapshot;
    const group = this.fleet.group(groupKey);
    if (group === null || settled === null) return null;
    if (snapshot !== undefined && settled.heldBy.length === 0) {
      for (const uid of group.pods) {
        const memory = this.#memory(uid)!;
        if (memory.publishedDigest === snapshot.digest) continue;
        memory.ackedBefore = memory.publishedDigest === null ? null : publisher.acked(uid);
        memory.publishedDigest = snapshot.digest;
        publisher.publish(uid, snapshot);
      }
    }
    this.#addSourcesOf(groupKey, 0);
    return null;
  }

  async #statusTurn(key: string): Promise<number | null> {
    const { client, clock, leading, log } = this.#options;
    // What is not compiled yet could be told too early: conflicts are found by compiling.
    if (this.queue.depth('publish') > 0) return PUBLISHING_MS;
    const world = observe(key, nameOf(key), this.#sight);
    const { actions, recheckAfterMs } = plan(world);
    let failure: unknown = null;
    for (const action of actions) {
      try {
        if (action.do === 'loadLastGood') await this.#loadLastGood(action.source, action.revision);
        else if (leading()) {
          await write(client, action);
          if (action.do !== 'applyStatus') continue;
          this.#written.set(key, { status: action.status, atMs: clock.nowMs(), shown: false });
          log.debug('status written', { object: key, programmed: action.status.programmed });
        }
      } catch (error) {
        // What else is to be done does not depend on it: settings that cannot be saved still have a status.
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
    return recheckAfterMs;
  }

  async #loadLastGood(source: Source, revision: string): Promise<void> {
    const { client, log } = this.#options;
    const key = sourceKey(source);
    const object = await client.get(resources.controllerRevisions, source.namespace, revision);
    const ruling = this.fleet.ruling(key, source.namespace);
    if (ruling === null || ruling.inForce.state !== 'saved' || ruling.source.uid !== source.uid) return;
    const reading = readObject(object?.['data'] ?? null, null);
    const inForce: InForce =
      'document' in reading
        ? { state: 'lastGood', document: reading.document, tag: `${source.uid}@${revision}` }
        : { state: 'frozen' };
    log.warn('settings are not valid', { object: key, inForce: inForce.state });
    const groups = this.fleet.setSource(key, source.namespace, { source: ruling.source, inForce });
    for (const group of groups) this.queue.add('publish', group);
    this.queue.add('status', key);
  }
}

/** The parts of a source's key. */
function nameOf(key: string): { kind: string; namespace: string; name: string } {
  const [, kind = '', namespace = '', name = ''] = /^(\S+) ([^/]*)\/(.*)$/.exec(key) ?? [];
  return { kind, namespace, name };
}
