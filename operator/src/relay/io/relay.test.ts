/** The relay on real sockets: a replica and a leader with certificates of one authority. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { systemClock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import { beforeAll, expect, test, vi } from 'vitest';
import { newMemoryKeeper } from '../../pki/authority-keeper.ts';
import { Certificates } from '../../pki/certificates.ts';
import type { Acked } from '../../publish/publisher.ts';
import { ackedOf } from '../../testing/acked.ts';
import type { Frame } from '../frames.ts';
import { issueRelayCredentials, RELAY_HOST, type RelayCredentials } from '../relay-credentials.ts';
import { ReplicatedPublisher } from '../replicated-publisher.ts';
import { RelayListener } from './relay-listener.ts';
import { RelaySender } from './relay-sender.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const tools = { clock: systemClock, timers: systemTimers, log: quiet };
const patience = { timeout: 5_000, interval: 5 };

let credentials: RelayCredentials;
let foreign: RelayCredentials;
let certificates: Certificates;
beforeAll(async () => {
  const make = async () => {
    const keeper = newMemoryKeeper();
    const owner = await Certificates.begin({ keeper, clock: systemClock, hosts: ['operator'] });
    return { owner, issued: await issueRelayCredentials(keeper, systemClock) };
  };
  ({ owner: certificates, issued: credentials } = await make());
  foreign = (await make()).issued;
});

/** A leader that listens, until the end of the test. */
async function lead({ own = credentials } = {}) {
  const changed: string[] = [];
  const whole: string[] = [];
  const publisher = new ReplicatedPublisher({ clock: systemClock, events: { changed: (pod) => changed.push(pod) } });
  publisher.onWhole((replica) => whole.push(replica));
  const state = { leads: true };
  const start = (port: number) =>
    RelayListener.start({
      ...tools,
      host: '127.0.0.1',
      port,
      credentials: own,
      rows: publisher.remote,
      leads: () => state.leads,
    });
  const listener = await start(0);
  return {
    publisher,
    changed,
    whole,
    state,
    listener,
    start,
    address: `127.0.0.1:${listener.port}`,
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** A replica that serves pods and follows the leader. */
function follow(address: string, { own = credentials, name = 'follower' } = {}) {
  const publisher = new ReplicatedPublisher({ clock: systemClock, events: { changed: () => {} } });
  const state = { lost: 0, failed: 0 };
  const sender = new RelaySender({
    ...tools,
    log: { ...quiet, debug: () => (state.failed += 1) },
    replica: name,
    rows: publisher.local,
    credentials: () => own,
    random: () => 0,
    onLost: () => (state.lost += 1),
  });
  publisher.onLocal((pod) => sender.changed(pod));
  sender.follow(address);
  const stream = { offer: () => {}, end: () => {} };
  const report = (pod: string, atWallMs: number, circuits: Acked['circuits'] = []): void => {
    const { pod: identity, ...acked } = ackedOf(pod, { atWallMs, circuits });
    publisher.registry.reported(identity, { ...acked, format: 1, revision: '', tookMs: 1 });
  };
  const serve = (pod: string): void => publisher.registry.opened(pod, stream);
  const leave = (pod: string): void => publisher.registry.closed(pod, stream);
  return { publisher, sender, state, report, serve, leave, [Symbol.dispose]: () => sender.follow(null) };
}

test('a leader hears everything first, then what changes', async () => {
  await using leader = await lead();
  using replica = follow('127.0.0.1:1'); // nobody is there
  for (let count = 0; count < 2_000; count += 1) {
    replica.serve(`pod-${count}`);
    replica.report(`pod-${count}`, count + 1);
  }
  replica.sender.follow(leader.address);
  await vi.waitFor(() => expect(leader.whole).toEqual(['follower']), patience);
  expect(leader.changed).toHaveLength(2_000);
  expect(leader.publisher.podUids().size).toBe(2_000);
  expect(leader.publisher.acked('pod-1999')).toMatchObject({ atWallMs: 2_000, pod: { name: 'pod-1999' } });
  expect(leader.publisher.isConnected('pod-7')).toBe(true);
  expect(leader.publisher.connected()).toBe(0);

  replica.report('pod-7', 5_000);
  replica.leave('pod-7');
  await vi.waitFor(() => expect(leader.publisher.acked('pod-7')).toBeNull(), patience);
  replica.report('pod-8', 5_000);
  const startMs = systemClock.nowMs();
  await vi.waitFor(() => expect(leader.publisher.acked('pod-8')?.atWallMs).toBe(5_000), {
    timeout: 5_000,
    interval: 1,
  });
  process.stderr.write(`report → leader: ${(systemClock.nowMs() - startMs).toFixed(1)} ms\n`);
});

test('a leader that is gone is noticed at once, and found again at the same address', async () => {
  await using leader = await lead();
  using replica = follow(leader.address);
  replica.serve('pod');
  replica.report('pod', 1);
  await vi.waitFor(() => expect(leader.publisher.acked('pod')).not.toBeNull(), patience);
  const { port } = leader.listener;
  await leader.listener.close();
  await vi.waitFor(() => expect(replica.state.lost).toBe(1), patience);
  // The last word of a replica stands while it is away, but nobody is connected there.
  expect(leader.publisher.acked('pod')).not.toBeNull();
  expect(leader.publisher.isConnected('pod')).toBe(false);
  const again = await leader.start(port);
  await vi.waitFor(() => expect(leader.publisher.isConnected('pod')).toBe(true), patience);
  await again.close();
});

test('whoever does not lead (any more) takes nothing', async () => {
  await using leader = await lead();
  leader.state.leads = false;
  using replica = follow(leader.address);
  replica.serve('pod');
  await vi.waitFor(() => expect(leader.publisher.isConnected('pod')).toBe(false), patience);
  leader.state.leads = true;
  await vi.waitFor(() => expect(leader.publisher.isConnected('pod')).toBe(true), patience);
  leader.state.leads = false;
  leader.publisher.remote.clear();
  leader.listener.dismiss();
  await vi.waitFor(() => expect(replica.state.lost).toBe(1), patience);
  expect(leader.publisher.isConnected('pod')).toBe(false);
});

test('a replica that calls again takes the place of the connection before', async () => {
  await using leader = await lead();
  using first = follow(leader.address, { name: 'same' });
  first.serve('old');
  await vi.waitFor(() => expect(leader.whole).toHaveLength(1), patience);
  first.sender.follow(null);
  using second = follow(leader.address, { name: 'same' });
  second.serve('new');
  await vi.waitFor(() => expect(leader.publisher.isConnected('new')).toBe(true), patience);
  await vi.waitFor(() => expect(leader.publisher.isConnected('old')).toBe(false), patience);
});

/** What becomes of a connection with these credentials: `welcome` when the greeting is answered. */
const callWith = (port: number, caller: { certificate: string; key: string } | null, ca = credentials.bundle) =>
  new Promise<string>((resolve) => {
    const identity = caller === null ? {} : { cert: caller.certificate, key: caller.key };
    const socket = connect({ host: '127.0.0.1', port, ca, servername: RELAY_HOST, ...identity });
    socket.on('secureConnect', () => socket.write('{"is":"hello","replica":"stranger"}\n'));
    socket.on('data', () => {
      resolve('welcome');
      socket.destroy();
    });
    socket.on('error', () => resolve('refused'));
    socket.on('close', () => resolve('refused'));
  });

test('only replicas are let in', async () => {
  await using leader = await lead();
  const { port } = leader.listener;
  expect(await callWith(port, credentials.caller)).toBe('welcome');
  expect(await callWith(port, null)).toBe('refused');
  expect(await callWith(port, foreign.caller)).toBe('refused');
  // A certificate to serve with is none to call with, though the same authority signed it.
  expect(await callWith(port, certificates.current.serving)).toBe('refused');
  expect(await callWith(port, credentials.called)).toBe('refused');
});

test('a replica tells nothing to whoever cannot prove to be one', async () => {
  await using impostor = await lead({ own: { ...foreign, bundle: credentials.bundle } });
  using replica = follow(impostor.address);
  replica.serve('pod');
  await vi.waitFor(() => expect(replica.state.failed).toBeGreaterThan(1), patience);
  expect(impostor.publisher.isConnected('pod')).toBe(false);
});

test.each(['nonsense\n', '{"is":"hello"}\n', 'x'.repeat(3_000_000)])(
  'what is no frame ends the connection',
  async (bytes) => {
    await using leader = await lead();
    const closed = new Promise<string>((resolve) => {
      const { certificate: cert, key } = credentials.caller;
      const socket = connect({
        host: '127.0.0.1',
        port: leader.listener.port,
        ca: credentials.bundle,
        servername: RELAY_HOST,
        cert,
        key,
      });
      socket.on('secureConnect', () => socket.write(bytes));
      socket.on('error', () => {});
      socket.on('close', () => resolve('closed'));
    });
    expect(await closed).toBe('closed');
  },
);

test('renewed certificates are taken up without a break', async () => {
  await using leader = await lead();
  using replica = follow(leader.address);
  replica.serve('pod');
  await vi.waitFor(() => expect(leader.publisher.isConnected('pod')).toBe(true), patience);
  leader.listener.renew(foreign);
  expect(await callWith(leader.listener.port, credentials.caller)).toBe('refused');
  expect(await callWith(leader.listener.port, foreign.caller, foreign.bundle)).toBe('welcome');
  replica.serve('other');
  await vi.waitFor(() => expect(leader.publisher.isConnected('other')).toBe(true), patience);
});

test('for a leader that is slow only the newest row of each pod waits', async () => {
  const { certificate: cert, key } = credentials.called;
  const slow = createServer({ cert, key, ca: credentials.bundle, requestCert: true }).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  using replica = follow(`127.0.0.1:${(slow.address() as AddressInfo).port}`);
  const [socket] = (await once(slow, 'secureConnection')) as [TLSSocket];
  // Far more than all buffers between the two hold.
  const pods = Array.from({ length: 200 }, (_, index) => `pod-${index}`);
  const circuits = Array.from({ length: 500 }, (_, index) => ({
    route: `route-${index}`,
    state: 'Closed' as const,
    era: 0,
    reason: null,
  }));
  const rounds = 20;
  for (const pod of pods) replica.serve(pod);
  for (let round = 1; round <= rounds; round += 1) {
    for (const pod of pods) replica.report(pod, round, circuits);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  let frames = 0;
  let rest = '';
  const newest = new Map<string, number>();
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const frame = JSON.parse(line) as Frame;
      if (frame.is !== 'row') continue;
      frames += 1;
      newest.set(frame.pod, frame.report?.acked.atWallMs ?? 0);
    }
  });
  await vi.waitFor(() => expect(pods.map((pod) => newest.get(pod))).toEqual(pods.map(() => rounds)), patience);
  expect(frames).toBeLessThan((pods.length * rounds) / 4);
  socket.destroy();
  slow.close();
});
