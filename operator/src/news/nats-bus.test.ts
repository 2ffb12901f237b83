import { expect, test } from 'vitest';
import { FakeTime, settle } from '../testing/fake-time.ts';
import type { BusMessage } from './cloud-events.ts';
import { NatsBus } from './nats-bus.ts';
import type { NatsConnection } from './nats-connection.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const messageOf = (id: number): BusMessage => ({ subject: 's', id: String(id), contentType: 'text/plain', body: '' });

/** A server that can be away, and that can take messages without saying so. */
class FakeServer {
  up = true;
  silent = false;
  taken: string[] = [];
  connections = 0;
  #end: (() => void)[] = [];

  readonly connect = async (): Promise<NatsConnection> => {
    if (!this.up) throw new Error('connection refused');
    this.connections += 1;
    let ended = false;
    let heard: string[] = [];
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      ended = true;
      resolve();
    };
    this.#end.push(end);
    return {
      publish: ({ id }) => {
        if (ended) throw new Error('closed');
        heard.push(id);
      },
      flush: async () => {
        if (this.silent) return new Promise(() => {});
        if (ended) throw new Error('closed');
        this.taken.push(...heard);
        heard = [];
      },
      closed,
      close: async () => end(),
    };
  };

  goAway(): void {
    this.up = false;
    for (const end of this.#end) end();
    this.#end = [];
  }
}

function begin(capacity = 1_000): { time: FakeTime; server: FakeServer; bus: NatsBus } {
  const time = new FakeTime();
  const server = new FakeServer();
  const bus = new NatsBus({ connect: server.connect, timers: time, random: () => 0.5, log: quiet, capacity });
  bus.start();
  return { time, server, bus };
}

test('messages are sent in order, as soon as there is a connection', async () => {
  const { server, bus } = begin();
  for (let id = 1; id <= 250; id += 1) bus.tell(messageOf(id));
  await settle();
  expect(server.taken).toEqual(Array.from({ length: 250 }, (_, index) => String(index + 1)));
  expect(bus.counts).toEqual({ sent: 250, dropped: 0, waiting: 0, connected: true });
});

test('while the server is away the newest wait; then they are sent', async () => {
  const { time, server, bus } = begin(3);
  await settle();
  server.goAway();
  await settle();
  for (let id = 1; id <= 5; id += 1) bus.tell(messageOf(id));
  await time.pass(60_000);
  expect(bus.counts).toEqual({ sent: 0, dropped: 2, waiting: 3, connected: false });
  server.up = true;
  await time.pass(10_000);
  expect(server.taken).toEqual(['3', '4', '5']);
  expect(bus.counts).toEqual({ sent: 3, dropped: 2, waiting: 0, connected: true });
});

test('what a server took without saying so is sent again', async () => {
  const { time, server, bus } = begin();
  await settle();
  server.silent = true;
  bus.tell(messageOf(1));
  await time.pass(5_000);
  expect(bus.counts).toMatchObject({ waiting: 1, connected: false });
  server.silent = false;
  await time.pass(10_000);
  expect(server.taken).toEqual(['1']);
  expect(server.connections).toBe(2);
});

test('tries are spaced out, up to 10 s', async () => {
  const time = new FakeTime();
  let tries = 0;
  const connect = async (): Promise<never> => {
    tries += 1;
    throw new Error('refused');
  };
  const bus = new NatsBus({ connect, timers: time, random: () => 1, log: quiet });
  bus.start();
  await time.pass(10_000);
  expect(tries).toBeLessThan(8);
  const before = tries;
  await time.pass(100_000);
  expect(tries - before).toBeGreaterThanOrEqual(9);
  await bus.stop();
  await time.pass(100_000);
  expect(time.pending).toBe(0);
});

test('after stop nothing is sent', async () => {
  const { server, bus } = begin();
  await settle();
  await bus.stop();
  bus.tell(messageOf(1));
  await settle();
  expect(server.taken).toEqual([]);
  expect(bus.counts).toMatchObject({ waiting: 0, connected: false });
});
