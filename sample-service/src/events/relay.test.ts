import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../database/database.ts';
import { openEmbedded } from '../database/embedded.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { backgroundScope } from '../scope.ts';
import type { Message } from './bus.ts';
import { EventError } from './event-error.ts';
import { addEvent } from './outbox.ts';
import { Relay } from './relay.ts';
import { contextBelow, spanOf } from './traceparent.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const scope = backgroundScope('request-1', undefined, contextBelow(spanOf(traceparent)));

/** A bus that notes what it gets; `accept` throws where it does not. */
class NotingBus {
  readonly got: Message[] = [];
  accept: (message: Message) => void = () => {};
  #onMessage = (): void => {};

  async publish(message: Message): Promise<void> {
    this.accept(message);
    this.got.push(message);
    this.#onMessage();
  }

  async has(count: number): Promise<void> {
    while (this.got.length < count) await new Promise<void>((resolve) => (this.#onMessage = resolve));
  }

  consume = (): never => {
    throw new Error('nobody consumes here');
  };
  drain = async (): Promise<void> => {};
  close = async (): Promise<void> => {};
}

let database: Database;
beforeAll(async () => {
  database = await openEmbedded(null);
});
afterAll(() => database.close());
afterEach(() => database.rows(scope, { name: 'empty', text: 'delete from outbox' }, []));

const add = (key: string, n: number): Promise<void> =>
  database.transaction(scope, (queries) =>
    addEvent(queries, scope, { key, subject: 'user.created', payload: { key, n } }),
  );
const left = async (): Promise<{ failure: string | null }[]> =>
  database.rows(scope, { name: 'left', text: 'select failure from outbox order by sequence' }, []);
/** Waits of some milliseconds, and no look of its own: what is found was told. */
const relayTo = (bus: NotingBus): Relay =>
  new Relay({
    database,
    bus,
    log: silentLog,
    metrics: createMetrics(),
    random: () => 0,
    batchSize: 3,
    pollMs: 3_600_000,
    backoff: { firstMs: 1, maxMs: 2 },
  });

describe('a relay', () => {
  test('publishes what was there, and what comes', async () => {
    const bus = new NotingBus();
    await add('ann', 1);
    const relay = relayTo(bus);
    await relay.start();
    await bus.has(1);
    await add('bob', 1);
    await bus.has(2);
    await relay.stop(10_000);
    expect(bus.got.map(({ payload }) => payload)).toEqual([
      { key: 'ann', n: 1 },
      { key: 'bob', n: 1 },
    ]);
    expect(await left()).toEqual([]);
  });

  test('sends an event with its id, its request and its trace', async () => {
    const bus = new NotingBus();
    await add('ann', 1);
    const relay = relayTo(bus);
    await relay.stop(10_000);
    expect(bus.got).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        subject: 'user.created',
        payload: { key: 'ann', n: 1 },
        requestId: 'request-1',
        traceparent,
      },
    ]);
  });

  test('publishes all that is there before it stops', async () => {
    const bus = new NotingBus();
    for (let n = 0; n < 10; n += 1) await add('ann', n);
    await relayTo(bus).stop(10_000);
    expect(bus.got.map(({ payload }) => (payload as { n: number }).n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('keeps what the broker does not take, and stops all the same', async () => {
    const bus = new NotingBus();
    bus.accept = () => {
      throw new EventError('broker', 'away');
    };
    await add('ann', 1);
    await relayTo(bus).stop(10_000);
    expect(await left()).toEqual([{ failure: null }]);
  });

  test('tries on while the broker is away, and keeps the order of each key', async () => {
    const bus = new NotingBus();
    let refusals = 0;
    bus.accept = ({ payload }) => {
      const { key, n } = payload as { key: string; n: number };
      if (key !== 'ann' || n !== 1 || refusals === 3) return;
      refusals += 1;
      throw new EventError('broker', 'away');
    };
    for (const n of [0, 1, 2]) for (const key of ['ann', 'bob']) await add(key, n);
    const relay = relayTo(bus);
    await relay.start();
    await bus.has(6);
    await relay.stop(10_000);
    expect(refusals).toBe(3);
    for (const key of ['ann', 'bob']) {
      const numbers = bus.got
        .map(({ payload }) => payload as { key: string; n: number })
        .filter((it) => it.key === key);
      expect(numbers.map(({ n }) => n)).toEqual([0, 1, 2]);
    }
  });

  test('sets aside what can never be published, and goes on with the next', async () => {
    const bus = new NotingBus();
    bus.accept = ({ payload }) => {
      if ((payload as { n: number }).n === 1) throw new EventError('serialisation', 'too large');
    };
    for (const n of [0, 1, 2]) await add('ann', n);
    await relayTo(bus).stop(10_000);
    expect(bus.got.map(({ payload }) => (payload as { n: number }).n)).toEqual([0, 2]);
    expect(await left()).toEqual([{ failure: 'too large' }]);
  });
});

describe('the outbox', () => {
  test('has no event of a transaction that was rolled back', async () => {
    const failing = database.transaction(scope, async (queries) => {
      await addEvent(queries, scope, { key: 'ann', subject: 'user.created', payload: {} });
      throw new Error('on second thoughts');
    });
    await expect(failing).rejects.toThrow('on second thoughts');
    expect(await left()).toEqual([]);
  });

  test('refuses what is no JSON', async () => {
    const adding = addEvent(database, scope, { key: 'ann', subject: 'user.created', payload: { n: 1n } });
    await expect(adding).rejects.toMatchObject({ name: 'EventError', code: 'serialisation' });
  });
});
