/**
 * Which news are written, and when. Each object has a token bucket; news that find it empty wait, and what happens again meanwhile
 * for the same reason is counted instead of written: the newest of them is told in the end, with how many there were. Pure.
 */
import { BoundedMap } from '../publish/bounded-map.ts';
import type { News } from './news.ts';

/** How many Events an object may get at once (count), and how long until it may get one more (ms). */
const BURST = 10;
const REFILL_MS = 30_000;

/** Objects that are remembered, and news that wait (count). */
const MAX_OBJECTS = 2_000;
const MAX_WAITING = 1_000;

/** News to be written: the newest of `count` that are alike. */
export interface DueNews {
  news: News;
  count: number;
}

/** Of one object, for one reason. */
export const alikeKey = ({ about, type, reason }: News): string => `${about.uid} ${type} ${reason}`;

export class EventBook {
  /** By object: when its bucket will be full again (ms). */
  readonly #fullAtMs = new BoundedMap<string, number>(MAX_OBJECTS);
  readonly #waiting = new Map<string, DueNews>();

  add(news: News): void {
    const key = alikeKey(news);
    const alike = this.#waiting.get(key);
    this.#waiting.set(key, { news, count: (alike?.count ?? 0) + 1 });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(oldest!);
  }

  /** What may be written at `nowMs`; it counts as written. */
  take(nowMs: number): DueNews[] {
    return [...this.#waiting.values()].filter((due) => {
      const { uid } = due.news.about;
      if (this.#waitOf(uid, nowMs) > 0) return false;
      this.#fullAtMs.set(uid, Math.max(this.#fullAtMs.get(uid) ?? nowMs, nowMs) + REFILL_MS);
      this.#waiting.delete(alikeKey(due.news));
      return true;
    });
  }

  /** How long until something may be written (ms); null: nothing waits. */
  waitMs(nowMs: number): number | null {
    if (this.#waiting.size === 0) return null;
    return Math.min(...this.#waiting.values().map(({ news }) => this.#waitOf(news.about.uid, nowMs)));
  }

  #waitOf(uid: string, nowMs: number): number {
    return Math.max(0, (this.#fullAtMs.get(uid) ?? nowMs) - nowMs - (BURST - 1) * REFILL_MS);
  }
}
