/**
 * Publishes what is in the outbox. Any number of relays may run, in any number of processes.
 *
 * The oldest event of a key is the key's token: whoever has locked that row publishes the key's events, and all others
 * pass the key over (`skip locked`). A key whose oldest event is another's has none that is free, so two relays never
 * publish one user's events side by side; different users' events do not wait for each other.
 *
 * What the broker confirmed is deleted in the transaction that holds the lock. A relay that dies between the two leaves
 * the events there: they are published again, with the same id, and in the same order.
 */
import type { Database, Queries } from '../database/database.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { backgroundScope } from '../scope.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { EventBus, Message } from './bus.ts';
import { EventError } from './event-error.ts';
import { OUTBOX_CHANNEL } from './outbox.ts';
import { wait } from './wait.ts';

export interface RelayOptions {
  database: Database;
  bus: EventBus;
  log: Log;
  metrics: Pick<Metrics, 'events'>;
  random: () => number;
  /** Events of one turn (count). Default 100. */
  batchSize?: number;
  /** It looks by itself this often (ms), for what a dead relay left behind. Default 5 s. */
  pollMs?: number;
  /** While the broker or the database is away. Default: up to two seconds. */
  backoff?: Backoff;
}

interface Row {
  sequence: number;
  id: string;
  key: string;
  subject: string;
  payload: unknown;
  request_id: string;
  traceparent: string | null;
}

const claim = {
  name: 'claim-events',
  text: `with turn as (
      select key from outbox as oldest
      where failure is null and not exists (
        select from outbox as older
        where older.key = oldest.key and older.sequence < oldest.sequence and older.failure is null
      )
      order by sequence limit $1 for update skip locked
    )
    select sequence, id, key, subject, payload, request_id, traceparent
    from outbox join turn using (key)
    where failure is null order by sequence limit $1`,
};
const remove = { name: 'delete-published-events', text: 'delete from outbox where sequence = any($1::bigint[])' };
const park = { name: 'park-event', text: 'update outbox set failure = $2 where sequence = $1' };

const scope = backgroundScope('relay');

/** What became of one batch: `failure` is why the rest of it is still there. */
interface Turn {
  claimed: number;
  failure: unknown;
}

export class Relay {
  readonly #options: RelayOptions;
  readonly #stopping = new AbortController();
  #listener: { stop(): Promise<void> } | null = null;
  #running: Promise<void> = Promise.resolve();
  #news = false;
  #wake = (): void => {};

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#listener = await this.#options.database.listen(OUTBOX_CHANNEL, () => {
      this.#news = true;
      this.#wake();
    });
    this.#running = this.#run();
  }

  /** Stops once the outbox is empty, the broker takes nothing, or `withinMs` (ms) have passed. */
  async stop(withinMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(withinMs);
    this.#stopping.abort();
    this.#wake();
    await this.#listener?.stop();
    await this.#running;
    let more = true;
    while (more && !deadline.aborted) {
      const { claimed, failure } = await this.#turn();
      more = claimed > 0 && failure === null;
    }
  }

  async #run(): Promise<void> {
    const { log, random, pollMs = 5_000, backoff = { firstMs: 50, maxMs: 2_000 } } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      this.#news = false;
      const { claimed, failure } = await this.#turn();
      if (failure !== null) {
        failures += 1;
        if (failures === 1) log.warn('events wait in the outbox', { error: failure });
        // Notifications do not cut this short: with each request there is one.
        await wait(backoffMs(backoff, failures, random), signal);
        continue;
      }
      if (failures > 0 && claimed > 0) log.info('events are published again');
      if (claimed > 0) failures = 0;
      else if (!this.#news) await this.#sleep(pollMs);
    }
  }

  async #sleep(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (!this.#stopping.signal.aborted) await wait(ms, woken.signal);
    this.#wake = () => {};
  }

  /** Never throws. */
  async #turn(): Promise<Turn> {
    const { database } = this.#options;
    try {
      // The embedded database has one connection, and no other relay: a transaction would keep requests waiting for the broker.
      if (database.kind === 'embedded') return await this.#publishBatch(database);
      return await database.transaction(scope, (queries) => this.#publishBatch(queries));
    } catch (failure) {
      return { claimed: 0, failure };
    }
  }

  async #publishBatch(queries: Queries): Promise<Turn> {
    const rows = await queries.rows<Row>(scope, claim, [this.#options.batchSize ?? 100]);
    const published: number[] = [];
    let failure: unknown = null;
    await Promise.all(
      Map.groupBy(rows, ({ key }) => key)
        .values()
        .map(async (events) => {
          try {
            await this.#publishInOrder(events, queries, published);
          } catch (error) {
            failure = error;
          }
        }),
    );
    if (published.length > 0) await queries.rows(scope, remove, [published]);
    return { claimed: rows.length, failure };
  }

  /** The next is sent when the one before it is confirmed: if that fails, the next must not be there first. */
  async #publishInOrder(events: readonly Row[], queries: Queries, published: number[]): Promise<void> {
    const { bus, log, metrics } = this.#options;
    for (const event of events) {
      try {
        await bus.publish(messageOf(event));
        published.push(event.sequence);
        metrics.events.inc({ result: 'published' });
      } catch (error) {
        const isFinal = error instanceof EventError && !error.retryable;
        metrics.events.inc({ result: isFinal ? 'parked' : 'failed' });
        if (!isFinal) throw error;
        log.error('an event can never be published', { event_id: event.id, error });
        await queries.rows(scope, park, [event.sequence, error.message]);
      }
    }
  }
}

const messageOf = ({ id, subject, payload, request_id: requestId, traceparent }: Row): Message => ({
  id,
  subject,
  payload,
  requestId,
  traceparent,
});
