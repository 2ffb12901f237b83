import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { compile } from '@fusebox/api/compile/compile.ts';
import { digestOfBytes } from '@fusebox/api/digest.ts';
import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';
import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '@fusebox/runtime/system-clock.ts';
import { newMemoryKeeper } from '../../pki/authority-keeper.ts';
import { Certificates } from '../../pki/certificates.ts';
import { noMetrics, type StreamEnd } from '../publish-metrics.ts';
import { PodRegistry } from '../publisher.ts';
import type { Identification } from '../token-reviewer.ts';
import { startSnapshotServer, type SnapshotServer } from './snapshot-server.ts';

const DAY_MS = 24 * 3_600_000;
const snapshotOf = (spec: object) =>
  compile([resiliencePolicy(spec)], { namespace: null, workloads: [], labels: null }).snapshot;

let time: FakeClock;
let certificates: Certificates;
let registry: PodRegistry;
let server: SnapshotServer;
let ends: StreamEnd[];
let sent: number;
let waitFor: (revision: string, timeoutMs: number) => Promise<boolean>;
const sockets: TLSSocket[] = [];

/** Tokens are names of pods here. */
const identify = async (token: string): Promise<Identification> =>
  token.startsWith('pod-')
    ? { identity: { namespace: 'shop', name: token, uid: token }, untilWallMs: time.wallMs() + DAY_MS }
    : { status: 401, message: 'unknown' };

beforeEach(async () => {
  time = new FakeClock(systemClock.wallMs());
  certificates = await Certificates.begin({
    keeper: newMemoryKeeper(),
    clock: time,
    hosts: ['localhost', '127.0.0.1'],
  });
  registry = new PodRegistry({ changed: () => {} });
  ends = [];
  sent = 0;
  waitFor = async () => true;
  server = await startSnapshotServer({
    host: '127.0.0.1',
    port: 0,
    certificates,
    registry,
    caches: { revision: () => 'configmaps=5,pods=5', waitFor: (...wanted) => waitFor(...wanted) },
    identify,
    metrics: { ...noMetrics, streamEnded: (reason) => ends.push(reason), sent: () => (sent += 1) },
    clock: time,
    maxConnections: 20,
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close().catch(() => {});
});

async function dial(more: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: certificates.current.bundle, ...more });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** What came until this was among it, or until the end. */
async function readUntil(socket: TLSSocket, wanted: string): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    text += chunk;
    if (text.includes(wanted)) break;
  }
  return text;
}

const request = (start: string, lines: string[] = [], body = ''): string =>
  [`${start} HTTP/1.1`, 'Host: localhost', ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');
const AS_POD = 'Authorization: Bearer pod-1';

async function ask(text: string): Promise<string> {
  const socket = await dial();
  socket.write(text);
  const answer = await readUntil(socket, '\r\n\r\n');
  socket.destroy();
  return answer;
}

describe('a request that is not right', () => {
  test.each([
    ['a path that is not there', request('GET /v1/secrets', [AS_POD]), 404],
    ['another method', request('POST /v1/snapshot', [AS_POD]), 405],
    ['no token', request('GET /v1/snapshot'), 401],
    ['a token in another form', request('GET /v1/snapshot', ['Authorization: Basic cG9kLTE=']), 401],
    ['a token that is not good', request('GET /v1/snapshot', ['Authorization: Bearer nobody']), 401],
    ['a report that is no JSON', request('POST /v1/report', [AS_POD], '{'), 400],
    ['a report that is not right', request('POST /v1/report', [AS_POD], '{"format":2}'), 400],
    ['a report without end', request('POST /v1/report', [AS_POD], 'x'.repeat(1_100_000)), 413],
  ])('%s', async (_, text, status) => {
    const answer = await ask(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
  });
});

test('more reports than anybody needs are refused', async () => {
  const socket = await dial();
  const text = request('POST /v1/report', [AS_POD], '{}').repeat(51);
  socket.write(text);
  expect(await readUntil(socket, 'too many reports')).toMatch(/HTTP\/1.1 429 .*\r\n(.*\r\n)*retry-after: 1/i);
});

async function openStream(more: string[] = []): Promise<TLSSocket> {
  const socket = await dial();
  socket.write(request('GET /v1/snapshot', [AS_POD, ...more]));
  return socket;
}

test('a stream begins with a comment, and carries what is published', async () => {
  const socket = await openStream();
  expect(await readUntil(socket, ':\n\n')).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-type: text\/event-stream/i);
  const snapshot = snapshotOf({});
  registry.publish('pod-1', snapshot);
  const event = `id: configmaps=5,pods=5\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`;
  expect(await readUntil(socket, '}\n\n')).toContain(event);
});

test('a reader that takes nothing is sent no more, and cut off after 30 s', async () => {
  const socket = await openStream();
  await readUntil(socket, ':\n\n');
  socket.pause();
  const routes = (turn: number) =>
    Array.from({ length: 1000 }, (_, index) => ({ name: `route-${index}`, match: { path: `/${turn}/${index}` } }));
  for (let turn = 0; turn < 40; turn += 1) {
    registry.publish('pod-1', snapshotOf({ inbound: { routes: routes(turn) } }));
    // Lets the socket take what it can.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(30);
  server.tick();
  time.advance(29_000);
  server.tick();
  expect(ends).toEqual([]);
  time.advance(1_500);
  server.tick();
  expect([ends, registry.connected()]).toEqual([['slow'], 0]);
});

test('a replica that is behind refuses the stream, and sends what it has when it has caught up', async () => {
  registry.publish('pod-1', snapshotOf({}));
  let caughtUp = false;
  const asked: unknown[] = [];
  waitFor = async (...wanted) => {
    asked.push(wanted);
    return caughtUp;
  };
  const behind = await openStream(['Last-Event-ID: configmaps=5,pods=6']);
  expect(await readUntil(behind, '\r\n\r\n')).toMatch(/^HTTP\/1.1 503 .*\r\n(.*\r\n)*retry-after: 1/i);
  expect(asked).toEqual([['configmaps=5,pods=6', 5_000]]);
  caughtUp = true;
  expect(await readUntil(await openStream(['Last-Event-ID: configmaps=5,pods=6']), '}\n\n')).toContain(
    'event: snapshot',
  );
});

test('what a sidecar saw in a cluster that was restored does not count', async () => {
  registry.publish('pod-1', snapshotOf({}));
  waitFor = async () => false;
  const stream = await openStream(['Last-Event-ID: configmaps=500,pods=600']);
  expect(await readUntil(stream, '}\n\n')).toContain('event: snapshot');
});

test('renewed certificates are served at once, and streams that are open go on', async () => {
  const stream = await openStream();
  await readUntil(stream, ':\n\n');
  const serial = (socket: TLSSocket): string => socket.getPeerX509Certificate()!.serialNumber;
  time.advance(21 * DAY_MS);
  await certificates.check();
  const renewed = await dial({ rejectUnauthorized: false });
  expect(serial(renewed)).not.toBe(serial(stream));
  expect(serial(renewed)).toBe(new X509Certificate(certificates.current.serving.certificate).serialNumber);
  registry.publish('pod-1', snapshotOf({}));
  expect(await readUntil(stream, '}\n\n')).toContain('event: snapshot');
});

test('TLS below 1.3 is refused', async () => {
  await expect(dial({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
});

test('connections are bounded', async () => {
  for (let count = 0; count < 20; count += 1) await dial();
  await expect(dial()).rejects.toThrow();
});

test('the end of the server is the end of its streams', async () => {
  const stream = await openStream();
  await readUntil(stream, ':\n\n');
  const ended = once(stream, 'close');
  stream.resume();
  await server.close().catch(() => {});
  await ended;
  expect(ends).toEqual(['shutdown']);
});

describe('a value', () => {
  const bytes = Buffer.from([0, 255, 13, 10]);
  const digest = digestOfBytes(bytes);
  const fetchValue = (what: string, more: string[] = []): Promise<string> =>
    ask(request(`GET /v1/blobs/${what}`, [AS_POD, ...more]));

  test('is sent to a pod whose snapshot names it', async () => {
    registry.publish('pod-1', snapshotOf({}), new Map([[digest, bytes]]));
    const socket = await dial();
    socket.write(request(`GET /v1/blobs/${digest}`, [AS_POD]));
    const head = await readUntil(socket, '\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(head).toMatch(/content-type: application\/octet-stream\r\ncontent-length: 4\r\ncache-control: no-store/i);
  });

  test('is not there for anybody else, and nothing tells it from one that is nowhere', async () => {
    registry.publish('pod-2', snapshotOf({}), new Map([[digest, bytes]]));
    registry.publish('pod-1', snapshotOf({}));
    const withoutDate = (answer: string): string => answer.replace(/^date: .*$/im, '');
    const [others, nowhere] = [await fetchValue(digest), await fetchValue(`sha256:${'0'.repeat(64)}`)];
    expect(others).toMatch(/^HTTP\/1.1 404 /);
    expect(withoutDate(others)).toBe(withoutDate(nowhere));
    expect(withoutDate(await fetchValue('sha256:0'))).toBe(withoutDate(nowhere));
    expect(await ask(request(`GET /v1/blobs/${digest}`))).toMatch(/^HTTP\/1.1 401 /);
    expect(await ask(request(`POST /v1/blobs/${digest}`, [AS_POD]))).toMatch(/^HTTP\/1.1 405 /);
  });

  test('is one of eight at once that a pod which does not read them may have under way', async () => {
    // More than sockets hold back, so that it is under way until somebody reads.
    const large = Buffer.alloc(32 * 1_048_576);
    registry.publish('pod-1', snapshotOf({}), new Map([[digest, large]]));
    registry.publish('pod-2', snapshotOf({}), new Map([[digest, large]]));
    const dialled = await Promise.all(Array.from({ length: 8 }, () => dial()));
    for (const socket of dialled) {
      socket.write(request(`GET /v1/blobs/${digest}`, [AS_POD]));
      await once(socket, 'readable');
    }
    expect(await fetchValue(digest)).toMatch(/^HTTP\/1.1 429 .*\r\n(.*\r\n)*retry-after: 1/i);
    const other = request(`GET /v1/blobs/${digest}`, ['Authorization: Bearer pod-2']);
    expect(await ask(other)).toMatch(/^HTTP\/1.1 200 /);
    dialled[0]!.destroy();
    await vi.waitUntil(async () => (await fetchValue(digest)).startsWith('HTTP/1.1 200 '));
  });

  test('is waited for by a replica that is behind', async () => {
    registry.publish('pod-1', snapshotOf({}), new Map([[digest, bytes]]));
    waitFor = async () => false;
    expect(await fetchValue(digest, ['Last-Event-ID: configmaps=5,pods=6'])).toMatch(/^HTTP\/1.1 503 /);
  });
});
