/**
 * Keeps a store equal to what the API server has of one kind: a list in pages, then watches, one after the other, each going
 * on where the one before ended.
 *
 * A watch can die without a word: a NAT entry that is dropped, a load balancer that is replaced. TCP then says nothing for
 * hours, since the client only waits. So every watch is asked to end after 20 to 25 s; one that has not ended 3 s after its
 * time is dead, and the next begins where its last event or bookmark stood. That costs no list. Lists come after a 410, or
 * when watches fail again and again (an etcd that was restored counts from another number).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import { hasCode } from '../kube/kube-error.ts';
import type { KubeClient, WatchEvent } from '../kube/client.ts';
import type { KubeObject, Resource } from '../kube/resource.ts';
import { type Backoff, backoffMs } from '../queue/backoff.ts';
import { keyOf, type Store } from './store.ts';

/** An object that came, changed or went. */
export interface Change<T> {
  key: string;
  before: T | null;
  after: T | null;
}

export interface Kind<T> {
  resource: Resource;
  labelSelector?: string;
  /** What is kept of an object; null: it is as if it were not there. `before` is what was kept of it so far. */
  keep(object: KubeObject, before: T | null): T | null;
}

/** What an informer tells of itself. */
export interface InformerWatcher {
  listed(plural: string, items: number): void;
  watchDied(plural: string): void;
  failed(plural: string, error: unknown, failuresInRow: number): void;
  recovered(plural: string): void;
}

export interface InformerOptions<T> {
  client: Pick<KubeClient, 'list' | 'watch'>;
  kind: Kind<T>;
  store: Store<T>;
  onChange(change: Change<T>): void;
  /** A list is complete; the store is what it said. */
  onListed?(): void;
  clock: Clock;
  timers: Timers;
  random: Random;
  watcher?: InformerWatcher;
}

const PAGE = 500;
/** A watch is asked to end after this (s), and a draw up to `JITTER_SECONDS` more. */
const WATCH_SECONDS = 20;
const JITTER_SECONDS = 5;
/** How long after its time a watch is dead (ms). */
const GRACE_MS = 3_000;
/** A watch that the server ends sooner than this (ms) counts as a failure: or a server in trouble would be asked without a pause. */
const SHORTEST_MS = 1_000;
/** After so many failed watches in a row the place to go on from is doubted, and all is listed again. */
const DOUBTFUL_FAILURES = 4;
const BACKOFF: Backoff = { baseMs: 200, maxMs: 10_000 };

export class Informer<T> {
  readonly #options: InformerOptions<T>;
  /** The newest version that was seen, of an object or a bookmark. */
  #resourceVersion: string | null = null;
  /** False: the next thing to do is a list. */
  #current = false;
  #watched = false;
  #failures = 0;
  #stopped = false;
  /** Somebody wants a list, whatever is being done. */
  #relisting = false;
  #abort = new AbortController();
  #wake: (() => void) | null = null;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
  }

  /** The newest `resourceVersion` seen, deletes and bookmarks included; null until the first list is complete. */
  get resourceVersion(): string | null {
    return this.#resourceVersion;
  }

  /** Has the store been equal to the API server's once? It stays true when the API server is away. */
  get synced(): boolean {
    return this.#resourceVersion !== null;
  }

  /** Has the API server agreed to a watch once? One that only lets things be listed tells of no change. */
  get watched(): boolean {
    return this.#watched;
  }

  /** Failures in a row (count); 0: all is well. */
  get failures(): number {
    return this.#failures;
  }

  /** Lists and watches until `stop`; never rejects. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (!this.#current || this.#relisting) await this.#list();
        await this.#watch();
      } catch (error) {
        if (this.#stopped) return;
        await this.#recover(error);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#abort.abort();
    this.#wake?.();
  }

  /** Lists everything again: what is kept of an object depends on something that has changed. */
  relist(): void {
    this.#relisting = true;
    this.#abort.abort();
  }

  async #recover(error: unknown): Promise<void> {
    const { random, watcher, kind } = this.#options;
    // An old place is no trouble of the server's: a list mends it.
    if (hasCode(error, 'Expired') && this.#current) {
      this.#current = false;
      return;
    }
    this.#failures += 1;
    if (this.#failures >= DOUBTFUL_FAILURES) this.#current = false;
    watcher?.failed(kind.resource.plural, error, this.#failures);
    await this.#pause(backoffMs(BACKOFF, this.#failures, random));
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** All pages first, then one replacement: a store is never half of one list and half of another. */
  async #list(): Promise<void> {
    const { client, kind, store, watcher } = this.#options;
    const { resource, labelSelector } = kind;
    const seen = new Map<string, T>();
    this.#relisting = false;
    this.#current = false;
    let at: string | null = null;
    let resourceVersion: string;
    do {
      const page: Awaited<ReturnType<KubeClient['list']>> = await client.list(resource, {
        limit: PAGE,
        ...(labelSelector !== undefined && { labelSelector }),
        ...(at !== null && { continue: at }),
      });
      for (const object of page.items) {
        const key = keyOf(object.metadata);
        const item = kind.keep(object, store.get(key));
        if (item !== null) seen.set(key, item);
      }
      ({ continue: at, resourceVersion } = page);
    } while (at !== null);
    this.#resourceVersion = resourceVersion;
    for (const key of store.keys()) if (!seen.has(key)) this.#put(key, null);
    for (const [key, item] of seen) this.#put(key, item);
    this.#current = true;
    watcher?.listed(resource.plural, store.size);
    this.#options.onListed?.();
  }

  async #watch(): Promise<void> {
    const { client, clock, timers, random, kind, watcher } = this.#options;
    // Asked for during the list: parts of it were kept before.
    if (this.#relisting) return;
    const timeoutSeconds = WATCH_SECONDS + Math.floor(random() * (JITTER_SECONDS + 1));
    const startedMs = clock.nowMs();
    const abort = new AbortController();
    this.#abort = abort;
    let died = false;
    let cancelCheck = (): void => {};
    const cancel = timers.after(timeoutSeconds * 1_000 + GRACE_MS, () => {
      died = true;
      abort.abort();
    });
    try {
      await client.watch(kind.resource, {
        resourceVersion: this.#resourceVersion!,
        timeoutSeconds,
        ...(kind.labelSelector !== undefined && { labelSelector: kind.labelSelector }),
        signal: abort.signal,
        onOpen: () => {
          this.#watched = true;
          cancelCheck = timers.after(SHORTEST_MS, () => this.#recovered());
        },
        onEvent: (event) => this.#take(event),
      });
    } catch (error) {
      if (this.#stopped || !(died || this.#relisting)) throw error;
      if (died) watcher?.watchDied(kind.resource.plural);
      return;
    } finally {
      cancel();
      cancelCheck();
    }
    if (clock.nowMs() - startedMs < SHORTEST_MS) throw new Error('the API server ended a watch at once');
  }

  #recovered(): void {
    if (this.#failures > 0) this.#options.watcher?.recovered(this.#options.kind.resource.plural);
    this.#failures = 0;
  }

  #take({ type, object }: WatchEvent): void {
    const { kind, store } = this.#options;
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    const key = keyOf(object.metadata);
    this.#put(key, type === 'DELETED' ? null : kind.keep(object, store.get(key)));
  }

  /** An object of which nothing changed that we keep is no change. */
  #put(key: string, after: T | null): void {
    const { store, onChange } = this.#options;
    const before = store.get(key);
    if (isDeepStrictEqual(before, after)) return;
    if (after === null) store.delete(key);
    else store.set(key, after);
    onChange({ key, before, after });
  }
}
