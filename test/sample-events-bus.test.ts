/** One suite for both buses of the sample service: a consumer cannot tell which it has. Then what JetStream adds. */
import type { Delivery, EventBus, Handler, Message, Verdict } from '@fusebox/sample-service/events/bus.ts';
import { InProcessBus } from '@fusebox/sample-service/events/in-process-bus.ts';
import { JetStreamBus } from '@fusebox/sample-service/events/jetstream-bus.ts';
import { silentLog } from '@fusebox/sample-service/log.ts';
import { connect, headers } from 'nats';
import { describe, expect, test } from 'vitest';
import { NatsServer } from './support/nats-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { until } from './support/until.ts';

const why = whyNotTested('events over JetStream', ['nats-server']);

// Waits last some milliseconds, where in earnest they last seconds.
const rules = { maxDeliver: 3, backoff: { firstMs: 1, maxMs: 4 }, random: Math.random };

interface Opened extends AsyncDisposable {
  bus: EventBus;
}

function overJetStream(server: NatsServer, ackWaitMs = 5_000): Opened & { bus: JetStreamBus } {
  const bus = new JetStreamBus({
    url: server.url,
    stream: 'USERS',
    log: silentLog,
    random: Math.random,
    reconnect: { firstMs: 5, maxMs: 20 },
    rules,
    onDeath() {},
    ackWaitMs,
  });
  return { bus, [Symbol.asyncDispose]: () => bus.close() };
}

const openers: Record<string, () => Promise<Opened>> = {
  async 'in the process'() {
    const bus = new InProcessBus({ log: silentLog, rules, onDeath() {} });
    return { bus, [Symbol.asyncDispose]: () => bus.close() };
  },
  async JetStream() {
    const server = await NatsServer.startJetStream();
    const opened = overJetStream(server);
    return {
      bus: opened.bus,
      async [Symbol.asyncDispose]() {
        await opened.bus.close();
        await server[Symbol.asyncDispose]();
      },
    };
  },
};

const message = (id: string, fields: Partial<Message> = {}): Message => ({
  id,
  subject: 'user.created',
  payload: { id },
  requestId: `request-${id}`,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ...fields,
});

const consumption = (fields: { durable?: string; subject?: string; concurrency?: number } = {}) => ({
  durable: 'mail',
  subject: 'user.created',
  concurrency: 1,
  ...fields,
});

/** Notes what it gets; `verdict` says what becomes of it. */
function listener(verdict: (delivery: Delivery) => Verdict | Promise<Verdict> = () => 'done') {
  const got: Delivery[] = [];
  const handler: Handler = async (delivery) => {
    got.push(delivery);
    return verdict(delivery);
  };
  return { got, handler, ids: () => got.map(({ id }) => id) };
}

/** Publishes as a relay does: until the bus has it. */
const publish = (bus: EventBus, ...messages: Message[]): Promise<void> =>
  messages.reduce(async (before, next) => {
    await before;
    await until('it is published', () =>
      bus.publish(next).then(
        () => true,
        () => false,
      ),
    );
  }, Promise.resolve());

const buses = Object.keys(openers).filter((name) => name !== 'JetStream' || why === null);

describe.each(buses)('a bus %s', (name) => {
  const open = openers[name]!;

  test('a message arrives whole', async () => {
    await using opened = await open();
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'));
    await until('it arrives', () => mail.got.length > 0);
    expect(mail.got).toEqual([{ ...message('a'), attempt: 1 }]);
  });

  test('messages come in the order in which they were published', async () => {
    await using opened = await open();
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    const ids = Array.from({ length: 50 }, (_, n) => String(n));
    await publish(opened.bus, ...ids.map((id) => message(id)));
    await until('all arrive', () => mail.got.length === 50);
    expect(mail.ids()).toEqual(ids);
  });

  test('what a handler fails at comes again, and holds nobody up', async () => {
    await using opened = await open();
    const mail = listener(({ id, attempt }) => {
      if (id === 'a' && attempt < 3) throw new Error('not now');
      return 'done';
    });
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'), message('b'));
    await until('all arrive', () => mail.got.length === 4);
    expect(mail.got.filter(({ id }) => id === 'a').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(mail.ids()).toContain('b');
  });

  test('a handler may say when it wants a message again', async () => {
    await using opened = await open();
    const mail = listener(({ attempt }) => (attempt === 1 ? { retryInMs: 1 } : 'done'));
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'));
    await until('it comes again', () => mail.got.length === 2);
    expect(mail.got.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('what is of no use becomes a dead letter at once, and the next is handled', async () => {
    await using opened = await open();
    const dead = listener();
    opened.bus.consume(consumption({ durable: 'undertaker', subject: 'users.dead.>' }), dead.handler);
    const mail = listener(({ id }) => (id === 'a' ? { dead: 'no address' } : 'done'));
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'), message('b'));
    await until('both are handled', () => mail.got.length === 2 && dead.got.length === 1);
    expect(dead.got).toEqual([{ ...message('a'), subject: 'users.dead.user.created', attempt: 1 }]);
    expect(mail.got.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  test('a message that fails too often becomes a dead letter', async () => {
    await using opened = await open();
    const dead = listener();
    opened.bus.consume(consumption({ durable: 'undertaker', subject: 'users.dead.>' }), dead.handler);
    const mail = listener(() => Promise.reject(new Error('never')));
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'));
    await until('it is dead', () => dead.got.length === 1);
    expect(mail.got.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(dead.ids()).toEqual(['a']);
  });

  test('each consumer gets all messages, and subscriptions of one share them', async () => {
    await using opened = await open();
    const [mail, other, audit] = [listener(), listener(), listener()];
    opened.bus.consume(consumption({ concurrency: 2 }), mail.handler);
    opened.bus.consume(consumption(), other.handler);
    opened.bus.consume(consumption({ durable: 'audit' }), audit.handler);
    const ids = Array.from({ length: 20 }, (_, n) => String(n)).sort();
    await publish(opened.bus, ...ids.map((id) => message(id)));
    await until('all arrive', () => mail.got.length + other.got.length >= 20 && audit.got.length >= 20);
    expect([...mail.ids(), ...other.ids()].sort()).toEqual(ids);
    expect(audit.ids().sort()).toEqual(ids);
  });

  test('no more messages are handled at a time than it was said', async () => {
    await using opened = await open();
    const { promise: held, resolve: release } = Promise.withResolvers<Verdict>();
    let most = 0;
    let now = 0;
    const mail = listener(async (): Promise<Verdict> => {
      most = Math.max(most, (now += 1));
      await held;
      now -= 1;
      return 'done';
    });
    opened.bus.consume(consumption({ concurrency: 3 }), mail.handler);
    await publish(opened.bus, ...['a', 'b', 'c', 'd', 'e'].map((id) => message(id)));
    await until('three are under way', () => now === 3);
    release('done');
    await until('all are handled', () => mail.got.length === 5 && now === 0);
    expect(most).toBe(3);
  });

  test('who stops finishes what it has in hand, and takes no more', async () => {
    await using opened = await open();
    const { promise: held, resolve: release } = Promise.withResolvers<Verdict>();
    const first = listener(() => held);
    const subscription = opened.bus.consume(consumption(), first.handler);
    await publish(opened.bus, message('a'));
    await until('it has one in hand', () => first.got.length === 1);
    let stopped = false;
    const stopping = subscription.stop().then(() => (stopped = true));
    await publish(opened.bus, message('b'));
    expect(stopped).toBe(false);
    release('done');
    await stopping;
    const second = listener();
    opened.bus.consume(consumption(), second.handler);
    await until('another takes the rest', () => second.got.length === 1);
    expect([first.ids(), second.ids()]).toEqual([['a'], ['b']]);
  });

  test('a payload that is no JSON is refused', async () => {
    await using opened = await open();
    opened.bus.consume(consumption(), listener().handler);
    await expect(opened.bus.publish(message('a', { payload: 1n }))).rejects.toMatchObject({
      name: 'EventError',
      code: 'serialisation',
      retryable: false,
    });
  });
});

describe.skipIf(why !== null)('JetStream', () => {
  test('a broker that is away is an error at once, and is found when it comes back', async () => {
    await using server = await NatsServer.startJetStream();
    await server.kill();
    await using opened = overJetStream(server);
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    await expect(opened.bus.publish(message('a'))).rejects.toMatchObject({ code: 'broker', retryable: true });
    await server.start();
    await publish(opened.bus, message('a'));
    await until('it arrives', () => mail.got.length === 1);
  });

  test('a broker that hangs is an error before long, and holds up no end', async () => {
    await using server = await NatsServer.startJetStream();
    const { bus } = overJetStream(server);
    await publish(bus, message('a'));
    server.signal('SIGSTOP');
    await expect(bus.publish(message('b'))).rejects.toMatchObject({ code: 'broker', retryable: true });
    await bus.close();
    server.signal('SIGCONT');
  });

  test('messages outlive a broker that is killed, and go on arriving after it', async () => {
    await using server = await NatsServer.startJetStream();
    await using opened = overJetStream(server);
    await publish(opened.bus, message('a'), message('b'));
    await server.kill();
    await server.start();
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    await until('both arrive', () => mail.got.length === 2);
    await server.kill();
    await server.start();
    await publish(opened.bus, message('c'));
    await until('the next arrives', () => mail.ids().includes('c'));
  });

  test('a broker that lost its disk gets its streams and consumers anew', async () => {
    await using server = await NatsServer.startJetStream();
    await using opened = overJetStream(server);
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'));
    await until('the first arrives', () => mail.got.length === 1);
    const connection = await connect({ servers: server.url });
    const manager = await connection.jetstreamManager();
    await manager.streams.delete('USERS');
    await connection.close();
    await publish(opened.bus, message('b'));
    await until('the second arrives', () => mail.got.length === 2);
  });

  test('a message that is published twice is delivered once', async () => {
    await using server = await NatsServer.startJetStream();
    await using opened = overJetStream(server);
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'), message('a'), message('b'));
    await until('the last arrives', () => mail.ids().includes('b'));
    expect(mail.ids()).toEqual(['a', 'b']);
  });

  test('who takes longer than the broker waits tells it, and keeps the message', async () => {
    await using server = await NatsServer.startJetStream();
    using acks = await server.listen('$JS.ACK.>');
    await using opened = overJetStream(server, 150);
    const inProgress = (): number => acks.heard.filter(({ body }) => body === '+WPI').length;
    const mail = listener(async (): Promise<Verdict> => {
      await until('the broker was told often enough', () => inProgress() >= 6);
      return 'done';
    });
    opened.bus.consume(consumption(), mail.handler);
    await publish(opened.bus, message('a'));
    await until('it is acknowledged', () => acks.heard.some(({ body }) => body === '+ACK'));
    expect(mail.got).toHaveLength(1);
  });

  test('who dies with a message leaves it to another', async () => {
    await using server = await NatsServer.startJetStream();
    await using survivor = overJetStream(server, 100);
    const dying = overJetStream(server, 100);
    const first = listener(() => new Promise<Verdict>(() => {}));
    dying.bus.consume(consumption(), first.handler);
    await publish(survivor.bus, message('a'));
    await until('it has it', () => first.got.length === 1);
    await dying.bus.close();
    const second = listener();
    survivor.bus.consume(consumption(), second.handler);
    await until('the other gets it', () => second.got.length === 1);
    expect(second.got[0]).toMatchObject({ id: 'a', attempt: 2 });
  });

  test('what somebody else published is not trusted to be JSON', async () => {
    await using server = await NatsServer.startJetStream();
    await using opened = overJetStream(server);
    await publish(opened.bus, message('a'));
    const connection = await connect({ servers: server.url });
    await connection.jetstream().publish('user.created', 'no JSON');
    const fields = headers();
    fields.set('Event-Id', 'b');
    await connection.jetstream().publish('user.created', '{"id":"b"}', { headers: fields });
    const mail = listener();
    opened.bus.consume(consumption(), mail.handler);
    await until('the good ones arrive', () => mail.got.length === 2);
    expect(mail.ids()).toEqual(['a', 'b']);
    const manager = await connection.jetstreamManager();
    const letter = await until('the bad one is dead', () =>
      manager.streams.getMessage('USERS_DEAD', { seq: 1 }).catch(() => null),
    );
    expect(letter.subject).toBe('users.dead.user.created');
    expect(Buffer.from(letter.data).toString()).toBe('no JSON');
    expect(letter.header.get('Dead-Reason')).toBe('is no JSON');
    await connection.close();
  });

  test('a message that is too large for the broker is not retryable', async () => {
    await using server = await NatsServer.startJetStream();
    await using opened = overJetStream(server);
    await publish(opened.bus, message('a'));
    const payload = 'x'.repeat(2_000_000);
    await expect(opened.bus.publish(message('b', { payload }))).rejects.toMatchObject({ code: 'serialisation' });
  });
});
