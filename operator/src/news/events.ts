/** News as Events of the API server (`events.k8s.io/v1`): what `kubectl describe` and `kubectl events` show. */
import type { Clock, Timers } from '@fusebox/api/clock.ts';
import { digestOf } from '@fusebox/api/digest.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { microTime } from '../kube/lease.ts';
import type { KubeObject, Resource } from '../kube/resource.ts';
import { BoundedMap } from '../publish/bounded-map.ts';
import { alikeKey, type DueNews, EventBook } from './event-book.ts';
import type { News } from './news.ts';

const events: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };

const CONTROLLER = 'fusebox.dev/operator';

/** The API server takes no longer note (bytes), and no longer name. */
const MAX_NOTE = 1_024;
const MAX_NAME = 253;

/** The same again within this time (ms) is one Event that happened several times. */
const SERIES_MS = 600_000;
const MAX_SERIES = 2_000;

export interface EventsOptions {
  client: Pick<KubeClient, 'apply'>;
  /** The name of this replica. */
  replica: string;
  clock: Clock;
  timers: Timers;
  log: Logger;
}

/** What was written of one kind of news. */
interface Written {
  object: KubeObject;
  note: string;
  count: number;
  atMs: number;
}

/** Writes news as Events, not too many of them. Telling never waits and never fails. */
export class Events {
  readonly #options: EventsOptions;
  readonly #book = new EventBook();
  readonly #written = new BoundedMap<string, Written>(MAX_SERIES);
  #writing = false;
  #stopped = false;
  #cancel: () => void = () => {};

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  tell(news: News): void {
    if (this.#stopped) return;
    this.#book.add(news);
    void this.#write();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    this.#cancel();
    const { clock, timers } = this.#options;
    // News that come together are counted before the first of them is written.
    await Promise.resolve();
    for (let due = this.#book.take(clock.nowMs()); due.length > 0; due = this.#book.take(clock.nowMs())) {
      for (const one of due) if (!this.#stopped) await this.#writeOne(one);
    }
    this.#writing = false;
    const waitMs = this.#book.waitMs(clock.nowMs());
    if (waitMs !== null && !this.#stopped) this.#cancel = timers.after(waitMs, () => void this.#write());
  }

  async #writeOne({ news, count }: DueNews): Promise<void> {
    const { client, clock, replica, log } = this.#options;
    const key = alikeKey(news);
    const before = this.#written.get(key);
    const note = clipped(count === 1 ? news.note : `${news.note} (the last of ${count})`);
    const again = before !== undefined && before.note === note && clock.nowMs() - before.atMs < SERIES_MS;
    const object = again ? before.object : newEvent({ ...news, note }, replica, clock.wallMs());
    const times = (again ? before.count : 0) + 1;
    const series = { count: times, lastObservedTime: microTime(clock.wallMs()) };
    try {
      const options = { fieldManager: 'fusebox-operator', force: true };
      await client.apply(events, times === 1 ? object : { ...object, series }, options);
      this.#written.set(key, { object, note, count: times, atMs: clock.nowMs() });
    } catch (error) {
      // The Event may have expired, or its object be gone. The next one begins anew.
      this.#written.delete(key);
      log.debug('an event could not be written', { error, reason: news.reason, object: news.about.name });
    }
  }
}

function newEvent({ about, type, reason, action, note }: News, replica: string, wallMs: number): KubeObject {
  const { namespace, name, uid } = about;
  const unique = digestOf([uid, reason, note, replica, wallMs]).slice('sha256:'.length, 'sha256:'.length + 16);
  return {
    metadata: { namespace, name: `${name.slice(0, MAX_NAME - unique.length - 1)}.${unique}` },
    eventTime: microTime(wallMs),
    reportingController: CONTROLLER,
    reportingInstance: replica.slice(0, 128),
    type,
    reason,
    action,
    note,
    regarding: about,
  };
}

/** At most as many bytes as the API server takes. */
function clipped(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE) return note;
  const cut = Buffer.from(note)
    .subarray(0, MAX_NOTE - 3)
    .toString();
  return `${cut.replace(/\uFFFD+$/, '')}…`;
}
