/**
 * A cache that loads what it does not have.
 *
 * Age is judged when a copy is read, so a shorter time to live holds for copies that are there already.
 *
 * Stampedes: within a process one load serves all who wait for the same key. Between processes nobody waits for a lock,
 * whose holder may die: as a copy nears its end, each reader refreshes it with a chance that grows with its age (Vattani,
 * Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015). A key that nobody has is
 * loaded at most once by each process.
 *
 * Changes: a reader may have read the old value before a change, and put it into the cache after. So a key is forgotten
 * before the change and after it, and a forgotten key takes no copies for a while (`holdMs`), nor does a reader put what
 * took it long to load. What stays open: another process may still answer with the old value while the change is being
 * made; and whoever changes something while the cache is out of its reach can only make good for it when it is back, so
 * the other processes, if they still reach it, may read the old value until then.
 */
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { holdMs, type Cache, type Copy } from './cache.ts';

export interface ReadThroughOptions<Value> {
  cache: Cache<Value>;
  /** How long a copy is good (ms). Asked for each time; 0 keeps none. */
  ttlMs: () => number;
  /** Ms since 1970. */
  nowMs: () => number;
  /** A draw from [0, 1). */
  random: () => number;
  metrics: Metrics;
  log: Log;
}

/** So many changes are made good for after the cache was away (count). */
const maxOwed = 10_000;

export class ReadThrough<Value> {
  readonly #options: ReadThroughOptions<Value>;
  readonly #loads = new Map<string, Promise<Value | null>>();
  /** Keys that the cache should have forgotten while it was away. */
  readonly #owed = new Set<string>();
  readonly #count: Record<'hit' | 'miss' | 'error', { inc(): void }>;
  /** Apart, since one that is full still answers: its state must not change with every call. */
  readonly #failing = new Set<'read' | 'write'>();

  constructor(options: ReadThroughOptions<Value>) {
    this.#options = options;
    const { cacheReads } = options.metrics;
    this.#count = { hit: cacheReads.labels('hit'), miss: cacheReads.labels('miss'), error: cacheReads.labels('error') };
  }

  /** The copy, or what `load` gives. What `load` throws is thrown; the cache itself never fails. */
  async get(key: string, load: () => Promise<Value | null>): Promise<Value | null> {
    const copy = await this.#find(key);
    return copy === null ? this.#load(key, load) : copy.value;
  }

  /** Does what changes the value of `key`. */
  async change<T>(key: string, write: () => Promise<T>): Promise<T> {
    await this.#forget(key);
    try {
      return await write();
    } finally {
      await this.#forget(key);
    }
  }

  async #find(key: string): Promise<Copy<Value> | null> {
    // What it should have forgotten must not be read, even if it can be reached again.
    if (this.#owed.has(key)) await this.#forget(key);
    try {
      const copy = await this.#options.cache.get(key);
      this.#worked('read');
      const good = copy !== null && !this.#owed.has(key) && this.#isGood(copy) ? copy : null;
      this.#count[good === null ? 'miss' : 'hit'].inc();
      return good;
    } catch (error) {
      this.#failed('read', error);
      return null;
    }
  }

  #isGood({ madeAtMs, tookMs }: Copy<Value>): boolean {
    const { nowMs, ttlMs, random } = this.#options;
    return nowMs() - madeAtMs - tookMs * Math.log(1 - random()) < ttlMs();
  }

  #load(key: string, load: () => Promise<Value | null>): Promise<Value | null> {
    const underWay = this.#loads.get(key);
    if (underWay !== undefined) return underWay;
    const loading: Promise<Value | null> = this.#loadAndPut(key, load).finally(() => {
      if (this.#loads.get(key) === loading) this.#loads.delete(key);
    });
    this.#loads.set(key, loading);
    return loading;
  }

  async #loadAndPut(key: string, load: () => Promise<Value | null>): Promise<Value | null> {
    const { cache, nowMs, ttlMs } = this.#options;
    const madeAtMs = nowMs();
    const value = await load();
    const tookMs = nowMs() - madeAtMs;
    if (value !== null && tookMs < holdMs / 2 && ttlMs() > 0) {
      // Nobody waits for it.
      cache.put(key, { value, madeAtMs, tookMs }, ttlMs()).then(
        () => this.#worked('write'),
        (error: unknown) => this.#failed('write', error),
      );
    }
    return value;
  }

  async #forget(key: string): Promise<void> {
    // Who asks from now on must not get what was read before.
    this.#loads.delete(key);
    try {
      await this.#options.cache.forget(key);
      this.#owed.delete(key);
      this.#worked('write');
    } catch (error) {
      if (this.#owed.size < maxOwed) this.#owed.add(key);
      this.#failed('write', error);
    }
  }

  #failed(call: 'read' | 'write', error: unknown): void {
    if (call === 'read') this.#count.error.inc();
    else this.#options.metrics.cacheFailedWrites.inc();
    if (this.#failing.size === 0) {
      this.#options.log.warn('the cache is away, the database answers instead', { call, error });
    }
    this.#failing.add(call);
  }

  #worked(call: 'read' | 'write'): void {
    if (!this.#failing.delete(call)) return;
    if (this.#failing.size === 0) this.#options.log.info('the cache is back');
    for (const key of this.#owed) void this.#forget(key);
  }
}
