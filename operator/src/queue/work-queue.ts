/**
 * Keys wait here for their turn. A key stands in the queue once, however often it is added; it has one turn at a time; a key
 * added during its turn has another one after it. A turn that fails is repeated after a growing, jittered wait.
 *
 * There are lanes, so that turns that wait for the API server never hold up those that do not: each lane has its own places.
 */
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import { type Backoff, backoffMs } from './backoff.ts';

/** What a turn leaves behind: when to look again (ms), or null: when something changes. It rejects when it failed. */
export type Turn = (key: string) => Promise<number | null>;

export interface Lane {
  /** Turns at once (count). */
  places: number;
  turn: Turn;
}

/** What the queue tells of itself. */
export interface QueueWatcher {
  /** A turn is over; `failed`: it will be repeated. Both in ms. */
  ended(lane: string, waitedMs: number, tookMs: number, failed: boolean): void;
  failed(lane: string, key: string, error: unknown, failuresInRow: number): void;
}

export interface WorkQueueOptions<LaneName extends string> {
  lanes: Readonly<Record<LaneName, Lane>>;
  clock: Clock;
  timers: Timers;
  random: Random;
  backoff?: Backoff;
  watcher?: QueueWatcher;
}

interface Entry {
  /** Since when it has been waiting (ms); null: it does not wait. */
  waitsSinceMs: number | null;
  running: boolean;
  failures: number;
  /** Takes back the delayed add; null: there is none. */
  cancel: (() => void) | null;
  dueMs: number;
}

interface LaneState extends Lane {
  waiting: Set<string>;
  entries: Map<string, Entry>;
  running: number;
}

const BACKOFF: Backoff = { baseMs: 200, maxMs: 30_000 };

/** So long (ms) turns follow each other without a break. */
const BURST_MS = 10;

export class WorkQueue<LaneName extends string> {
  readonly #lanes: Map<LaneName, LaneState>;
  readonly #options: WorkQueueOptions<LaneName>;
  #open = false;
  #pumping = false;
  /** When the present run of turns without a break began, and when its last turn ended (ms). */
  #burstMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: WorkQueueOptions<LaneName>) {
    this.#options = options;
    const lanes = Object.entries(options.lanes) as [LaneName, Lane][];
    this.#lanes = new Map(
      lanes.map(([name, lane]) => [name, { ...lane, waiting: new Set(), entries: new Map(), running: 0 }]),
    );
  }

  /** Begins to give turns; what was added before waits until then. */
  start(): void {
    this.#open = true;
    this.#pump();
  }

  /** Gives no turn any more; resolves never late: turns that run are not waited for. */
  stop(): void {
    this.#open = false;
    for (const { entries } of this.#lanes.values()) for (const entry of entries.values()) entry.cancel?.();
  }

  /** Keys that wait for a turn, or have one (count). */
  depth(name: LaneName): number {
    const lane = this.#lane(name);
    return lane.waiting.size + lane.running;
  }

  /** The key gets a turn as soon as there is a place. */
  add(name: LaneName, key: string): void {
    const entry = this.#entry(name, key);
    entry.cancel?.();
    entry.cancel = null;
    entry.waitsSinceMs ??= this.#options.clock.nowMs();
    if (!entry.running) this.#lane(name).waiting.add(key);
    this.#pump();
  }

  /** The key is added this much later (ms), unless it is to be added sooner anyway. */
  addAfter(name: LaneName, key: string, delayMs: number): void {
    const entry = this.#entry(name, key);
    const dueMs = this.#options.clock.nowMs() + delayMs;
    if (entry.waitsSinceMs !== null || (entry.cancel !== null && entry.dueMs <= dueMs)) return;
    entry.cancel?.();
    entry.dueMs = dueMs;
    entry.cancel = this.#options.timers.after(delayMs, () => {
      entry.cancel = null;
      this.add(name, key);
    });
  }

  #lane(name: LaneName): LaneState {
    return this.#lanes.get(name)!;
  }

  #entry(name: LaneName, key: string): Entry {
    const { entries } = this.#lane(name);
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { waitsSinceMs: null, running: false, failures: 0, cancel: null, dueMs: 0 };
      entries.set(key, entry);
    }
    return entry;
  }

  /** Turns begin after whoever adds is done: a list of a thousand objects is one change of the world, not a thousand. */
  #pump(): void {
    if (this.#pumping || !this.#open) return;
    this.#pumping = true;
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#lastMs > 1) this.#burstMs = nowMs;
    const fill = (): void => {
      this.#pumping = false;
      for (const [name, lane] of this.#lanes) this.#fill(name, lane);
    };
    if (nowMs - this.#burstMs < BURST_MS) return queueMicrotask(fill);
    // Sockets get their turn, too: a thousand short turns in a row would keep heartbeats and reports waiting.
    this.#burstMs = nowMs;
    this.#options.timers.after(0, fill);
  }

  #fill(name: LaneName, lane: LaneState): void {
    for (const key of lane.waiting) {
      if (!this.#open || lane.running >= lane.places) return;
      lane.waiting.delete(key);
      void this.#run(name, key);
    }
  }

  async #run(name: LaneName, key: string): Promise<void> {
    const { clock, random, watcher, backoff = BACKOFF } = this.#options;
    const lane = this.#lane(name);
    const entry = this.#entry(name, key);
    const startedMs = clock.nowMs();
    const waitedMs = startedMs - (entry.waitsSinceMs ?? startedMs);
    entry.waitsSinceMs = null;
    entry.running = true;
    lane.running += 1;
    let againMs: number | null = null;
    try {
      againMs = await lane.turn(key);
      entry.failures = 0;
    } catch (error) {
      entry.failures += 1;
      againMs = backoffMs(backoff, entry.failures, random);
      watcher?.failed(name, key, error, entry.failures);
    }
    entry.running = false;
    lane.running -= 1;
    this.#lastMs = clock.nowMs();
    watcher?.ended(name, waitedMs, this.#lastMs - startedMs, entry.failures > 0);
    if (this.#open && againMs !== null) this.addAfter(name, key, againMs);
    if (entry.waitsSinceMs !== null) lane.waiting.add(key);
    else if (entry.cancel === null && entry.failures === 0) lane.entries.delete(key);
    this.#pump();
  }
}
