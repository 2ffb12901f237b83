/** Three relays on one real PostgreSQL, whose connections are cut while they work: each user's events stay in order. */
import type { Database } from '@fusebox/sample-service/database/database.ts';
import type { EventBus, Message } from '@fusebox/sample-service/events/bus.ts';
import { EventError } from '@fusebox/sample-service/events/event-error.ts';
import { addEvent } from '@fusebox/sample-service/events/outbox.ts';
import { Relay } from '@fusebox/sample-service/events/relay.ts';
import { silentLog } from '@fusebox/sample-service/log.ts';
import { createMetrics } from '@fusebox/sample-service/metrics.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresServer } from './support/postgres-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { openSampleDatabase } from './support/sample-database.ts';
import { until } from './support/until.ts';

const why = whyNotTested('relays on PostgreSQL', ['postgres']);

const scope = backgroundScope('test');
const open = (url: string): Promise<Database> => openSampleDatabase({ 'database.url': url });
/** One that a test may ask anything. */
const ask = <Row>(database: Database, text: string, values: unknown[] = []): Promise<Row[]> =>
  database.rows<Row>(scope, { name: text.slice(0, 60), text }, values);

interface Fact {
  key: string;
  n: number;
}
/** Lets others run for a while: some turns of the event loop. */
async function turns(most: number): Promise<void> {
  for (let left = Math.random() * most; left > 0; left -= 1) await new Promise((resolve) => void setImmediate(resolve));
}

/** A broker of moods: it is slow, refuses, or takes a message and does not say so. It knows an id for ever. */
class MoodyBus implements Pick<EventBus, 'publish'> {
  readonly stored = new Map<string, Fact>();
  /** Messages by key that are being published right now, and the most there were at a time. */
  readonly #now = new Map<string, number>();
  mostAtATime = 0;
  published = 0;

  async publish({ id, payload }: Message): Promise<void> {
    const fact = payload as Fact;
    const now = (this.#now.get(fact.key) ?? 0) + 1;
    this.#now.set(fact.key, now);
    this.mostAtATime = Math.max(this.mostAtATime, now);
    this.published += 1;
    try {
      await turns(10);
      if (Math.random() < 0.02) throw new EventError('broker', 'refused');
      if (!this.stored.has(id)) this.stored.set(id, fact);
      await turns(10);
      if (Math.random() < 0.02) throw new EventError('broker', 'not confirmed');
    } finally {
      this.#now.set(fact.key, this.#now.get(fact.key)! - 1);
    }
  }
}

function relayOn(database: Database, moody: MoodyBus): Relay {
  const bus = { publish: (message: Message) => moody.publish(message) } as EventBus;
  const backoff = { firstMs: 1, maxMs: 5 };
  return new Relay({
    database,
    bus,
    log: silentLog,
    metrics: createMetrics(),
    random: Math.random,
    batchSize: 7,
    pollMs: 50,
    backoff,
  });
}

const keys = Array.from({ length: 12 }, (_, n) => `user-${n}`);
const eventsPerKey = 40;

/** Adds the events of all keys, in turn and by several writers at once. Each number is drawn under the lock of its row. */
async function write(database: Database, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const key = keys[Math.floor(Math.random() * keys.length)]!;
    await database
      .transaction(scope, async (queries) => {
        const statement = {
          name: 'draw',
          text: `insert into drawn values ($1, 0) on conflict (key) do update set n = drawn.n + 1 returning n`,
        };
        const [row] = await queries.rows<{ n: number }>(scope, statement, [key]);
        await addEvent(queries, scope, { key, subject: 'user.created', payload: { key, n: row!.n } satisfies Fact });
        if (Math.random() < 0.1) throw new Error('on second thoughts');
      })
      .catch(() => {}); // also where the connection was cut: either both are there, or neither
  }
}

describe.skipIf(why !== null)('relays', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each([{ cuts: false }, { cuts: true }])(
    'three of them lose nothing, and keep the order of each key (connections are cut: $cuts)',
    async ({ cuts }) => {
      const url = server.newDatabase();
      const database = await open(url);
      await ask(database, 'create table drawn (key text primary key, n int not null)');
      const bus = new MoodyBus();
      const homes = await Promise.all([0, 1, 2].map(() => open(url)));
      const relays = homes.map((home) => relayOn(home, bus));
      for (const relay of relays) await relay.start();

      const writing = new AbortController();
      if (!cuts) writing.abort();
      const cutting = (async () => {
        while (!writing.signal.aborted) {
          await ask(
            database,
            `select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in trans%'`,
          );
          await turns(500);
        }
      })();
      const rounds = (keys.length * eventsPerKey) / 4;
      await Promise.all([0, 1, 2, 3].map(() => write(database, rounds)));
      writing.abort();
      await cutting;
      await until('the outbox is empty', async () => (await ask(database, 'select from outbox limit 1')).length === 0);
      for (const relay of relays) await relay.stop(10_000);

      const drawn = await ask<Fact>(database, 'select key, n from drawn');
      expect(drawn.length).toBe(keys.length);
      for (const { key, n } of drawn) {
        const numbers = [...bus.stored.values()].filter((fact) => fact.key === key).map((fact) => fact.n);
        expect(numbers).toEqual(Array.from({ length: n + 1 }, (_, index) => index));
      }
      // Who lost its lock with its connection is still at it when another begins; the broker knows the ids.
      if (!cuts) expect(bus.mostAtATime).toBe(1);
      for (const home of [database, ...homes]) await home.close();
    },
  );

  test('an event waits for the commit of the one before it, and for no other key', async () => {
    const database = await open(server.newDatabase());
    const { promise: held, resolve: commit } = Promise.withResolvers<void>();
    const { promise: added, resolve: hasAdded } = Promise.withResolvers<void>();
    const add = (key: string, n: number): Promise<void> =>
      database.transaction(scope, (queries) =>
        addEvent(queries, scope, { key, subject: 'user.created', payload: { key, n } }),
      );
    const first = database.transaction(scope, async (queries) => {
      await addEvent(queries, scope, { key: 'ann', subject: 'user.created', payload: { key: 'ann', n: 0 } });
      hasAdded();
      await held;
    });
    await added;
    let isThere = false;
    const second = add('ann', 1).then(() => (isThere = true));
    await until('the second waits', async () => {
      return (await ask(database, `select from pg_locks where locktype = 'advisory' and not granted`)).length === 1;
    });
    await add('bob', 0);
    expect(isThere).toBe(false);
    commit();
    await Promise.all([first, second]);
    const rows = await ask<{ payload: Fact }>(
      database,
      `select payload from outbox where key = 'ann' order by sequence`,
    );
    expect(rows.map(({ payload }) => payload.n)).toEqual([0, 1]);
    await database.close();
  });
});
