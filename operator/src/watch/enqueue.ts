/** Events become keys: which groups of pods are to be compiled again, and which sources are to be looked at, after a change. */
import type { Clock } from '@fusebox/api/clock.ts';
import type { Fleet } from '../reconcile/fleet.ts';
import { inForceOf, type Traces } from '../reconcile/in-force.ts';
import type { PodMemories } from '../reconcile/pod-memories.ts';
import { type Source, sourceKey, tagOf } from '../reconcile/source.ts';
import type { WrittenStatuses } from '../status/written-statuses.ts';
import type { WatchHandlers, Watches } from './watches.ts';
import { keyOf } from './store.ts';

export interface EnqueueOptions {
  fleet: Fleet;
  memories: PodMemories;
  written: WrittenStatuses;
  /** Known from the first event on. */
  caches: () => Pick<Watches, 'liveConfigs' | 'revisions'>;
  queue: {
    add(lane: 'publish' | 'status', key: string): void;
    addAfter(lane: 'publish' | 'status', key: string, delayMs: number): void;
  };
  clock: Clock;
}

/**
 * So long (ms) a source waits for its turn after something happened: the reports of many pods are looked at together, and pods that
 * obey an edit at once are not told to be late first.
 */
const REPORTS_MS = 20;
/** The same for a source that is for the pods of every namespace (ms): there are many, and somebody reports all the time. */
const WIDE_REPORTS_MS = 1_000;

export class Enqueue {
  readonly #options: EnqueueOptions;

  constructor(options: EnqueueOptions) {
    this.#options = options;
  }

  /** What to do on each change. */
  readonly handlers: WatchHandlers = {
    source: ({ before, after }) => (after === null ? this.#sourceGone(before!) : this.#sourceChanged(after)),

    pod: ({ before, after }) => {
      const { fleet, memories, clock } = this.#options;
      if (before !== null && before.uid !== after?.uid) {
        this.#groupsChanged(fleet.setPod(before.uid, null, clock.nowMs()));
        memories.withdraw(before.uid);
      }
      if (after !== null) this.#groupsChanged(fleet.setPod(after.uid, after, clock.nowMs()));
    },

    service: ({ key, before, after }) => {
      const { fleet, clock } = this.#options;
      this.#groupsChanged(fleet.setService(key, (after ?? before)!.namespace, after, clock.nowMs()));
    },

    liveConfig: ({ before, after }) => {
      const key = sourceKey({ ...(after ?? before)!, kind: 'ConfigMap' });
      this.#options.written.shown(key);
      this.#options.queue.add('status', key);
    },

    revision: ({ before, after }) => {
      const key = this.#options.fleet.keyOfUid((after ?? before)!.ownerUid);
      if (key !== null) this.#options.queue.add('status', key);
    },
  };

  /** A report came from this pod, or its stream was opened or closed. */
  reported(podUid: string): void {
    const { fleet, memories, clock } = this.#options;
    const pod = fleet.pod(podUid);
    if (pod === null) return;
    memories.reported(podUid, clock.nowMs());
    this.statusOf(pod.group);
  }

  /** Whoever is for the pods of this group, also of one that lost its last pod, is to be looked at. */
  statusOf(group: string): void {
    const { fleet, queue } = this.#options;
    for (const key of fleet.sourcesOf(group)) {
      queue.addAfter('status', key, fleet.isWide(key) ? WIDE_REPORTS_MS : REPORTS_MS);
    }
  }

  #sourceGone(source: Source): void {
    const { fleet, written, queue } = this.#options;
    const key = sourceKey(source);
    written.forget(key);
    for (const group of fleet.setSource(key, source.namespace, null)) queue.add('publish', group);
    queue.add('status', key);
  }

  #sourceChanged(source: Source): void {
    const { fleet, written, queue } = this.#options;
    const key = sourceKey(source);
    const before = fleet.ruling(key, source.namespace);
    if (source.kind !== 'ConfigMap') written.shown(key);
    const known = before?.source.uid === source.uid ? before.inForce : null;
    const inForce = inForceOf(source, known, this.#tracesOf(source));
    const groups = fleet.setSource(key, source.namespace, { source, inForce });
    // A status that was written changes nothing for anybody.
    const sameSettings = before !== null && tagOf(before.source) === tagOf(source);
    if (!sameSettings) for (const group of groups) queue.add('publish', group);
    queue.addAfter('status', key, REPORTS_MS);
  }

  #tracesOf({ kind, namespace, name, uid, status: own }: Source): Traces {
    const { liveConfigs, revisions } = this.#options.caches();
    const status = kind === 'ConfigMap' ? liveConfigs.get(keyOf({ namespace, name }))?.status : own;
    const accepted = status?.conditions?.some((one) => one.type === 'Accepted' && one.status === 'True');
    return {
      revision: revisions.by('owner', uid).toSorted((a, b) => b.revision - a.revision)[0]?.name ?? null,
      wasAccepted: accepted === true || status?.version !== undefined,
    };
  }

  /** Groups that gained or lost pods are compiled; their turn ends with that of the sources which are for them. */
  #groupsChanged(groups: readonly string[]): void {
    for (const group of groups) this.#options.queue.add('publish', group);
  }
}
