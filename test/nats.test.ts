/** Circuit changes over a real NATS server, also one that goes away, hangs, or asks for a password. */
import type { CircuitChange } from '@fusebox/operator/news/circuit-changes.ts';
import { circuitMessage } from '@fusebox/operator/news/cloud-events.ts';
import { NatsBus } from '@fusebox/operator/news/nats-bus.ts';
import { openNats } from '@fusebox/operator/news/nats-connection.ts';
import { systemTimers } from '@fusebox/runtime/system-clock.ts';
import { describe, expect, test } from 'vitest';
import { type NatsListener, NatsServer } from './support/nats-server.ts';
import { whyNotTested } from './support/real-parts.ts';
import { until } from './support/until.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const why = whyNotTested('circuit changes over NATS', ['nats-server']);

/** A bus to this server. Its waits last a tenth of what they do in earnest. */
function startBus(url: string) {
  const timers = { after: (delayMs: number, run: () => void) => systemTimers.after(delayMs / 10, run) };
  const bus = new NatsBus({ connect: () => openNats(url), timers, random: Math.random, log: quiet });
  bus.start();
  return { bus, [Symbol.asyncDispose]: () => bus.stop() };
}

const messageOf = (era: number) => {
  const pod = { namespace: 'shop', name: 'users-1', uid: 'uid-1' };
  const change: CircuitChange = {
    pod,
    route: 'user',
    from: 'Closed',
    to: 'Open',
    era,
    reason: null,
    snapshotWallMs: 1,
  };
  return circuitMessage(change, 'users', 1_767_268_800_000);
};
const eras = ({ heard }: NatsListener): number[] =>
  heard.map(({ body }) => (JSON.parse(body) as { data: { era: number } }).data.era);

describe.skipIf(why !== null)('circuit changes over NATS', () => {
  test('a change is a CloudEvent on its subject', async () => {
    await using server = await NatsServer.start();
    using listener = await server.listen('fusebox.circuit.shop.*.opened');
    await using started = startBus(`nats://127.0.0.1:${server.port}`);
    started.bus.tell(messageOf(1));
    await until('it is heard', () => listener.heard.length > 0);
    expect(listener.heard).toEqual([
      {
        subject: 'fusebox.circuit.shop.users.opened',
        headers: {
          'nats-msg-id': 'uid-1/user/1/1/opened',
          'content-type': 'application/cloudevents+json; charset=utf-8',
        },
        body: expect.stringContaining('"specversion":"1.0"'),
      },
    ]);
    await until('it is counted', () => started.bus.counts.sent === 1);
  });

  test('a server that is away slows nothing, and gets all of it when it is back', async () => {
    await using server = await NatsServer.start();
    await using started = startBus(`nats://127.0.0.1:${server.port}`);
    await until('there is a connection', () => started.bus.counts.connected);
    await server.kill();
    await until('it is noticed', () => !started.bus.counts.connected);
    for (let era = 1; era <= 300; era += 1) started.bus.tell(messageOf(era));
    expect(started.bus.counts).toEqual({ sent: 0, dropped: 0, waiting: 300, connected: false });
    await server.start();
    using listener = await server.listen('fusebox.>');
    // It may have connected, and sent, before the listener was there.
    started.bus.tell(messageOf(301));
    await until('all of it was taken', () => started.bus.counts.sent === 301);
    await until('the last one is heard', () => eras(listener).includes(301));
    expect(eras(listener)).toEqual(eras(listener).toSorted((a, b) => a - b));
  });

  test('a server that hangs slows nothing, and misses nothing', async () => {
    await using server = await NatsServer.start();
    using listener = await server.listen('fusebox.>');
    await using started = startBus(`nats://127.0.0.1:${server.port}`);
    await until('there is a connection', () => started.bus.counts.connected);
    server.signal('SIGSTOP');
    for (let era = 1; era <= 50; era += 1) started.bus.tell(messageOf(era));
    await until('it is given up', () => !started.bus.counts.connected);
    expect(started.bus.counts).toMatchObject({ sent: 0, waiting: 50 });
    server.signal('SIGCONT');
    await until('all of it was taken', () => started.bus.counts.sent === 50, 15_000);
    await until('all of it is heard', () => new Set(eras(listener)).size === 50);
  });

  test('a password in the URL is used', async () => {
    await using server = await NatsServer.start(['--user', 'me', '--pass', 'p@ss']);
    await using wrong = startBus(`nats://127.0.0.1:${server.port}`);
    await using right = startBus(`nats://me:p%40ss@127.0.0.1:${server.port}`);
    await until('whoever knows it is connected', () => right.bus.counts.connected);
    right.bus.tell(messageOf(1));
    await until('it is taken', () => right.bus.counts.sent === 1);
    expect(wrong.bus.counts.connected).toBe(false);
  });
});
