/** A service that does not speak HTTP is not believed: the client gets a 502, and nothing that looks like an answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, problemOf, statusOf } from './support/message.ts';
import { ask, connect, get, type Peer } from './support/peer.ts';
import { answer, startService, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({ upstream: service.port });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

describe('a head that is not valid becomes 502 upstream-protocol', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['NUL', 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n'],
    ['lengths that differ', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nsmugg'],
    ['length and coding', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['white space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['switching protocols unasked', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['a head that has no end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
    ['a first chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('%s', async (name, bytes) => {
    const path = `/broken/${encodeURIComponent(name)}`;
    service.on(path, (connection) => connection.send(bytes));
    const client = await connect(sidecar.inbound);
    client.send(get(path) + get('/after'));
    const message = await client.message();
    expect(message.start).toBe('HTTP/1.1 502 Bad Gateway');
    expect(field(message, 'fusebox-reason')).toBe('upstream-protocol');
    expect(problemOf(message)).toMatchObject({ status: 502, detail: expect.any(String) as string });
    // The client did nothing wrong: its connection carries on.
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
  });
});

test('a body that turns out broken is cut: it does not look whole', async () => {
  service.on('/cut', (connection) =>
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n'),
  );
  const client = await connect(sidecar.inbound);
  client.send(get('/cut'));
  await client.take('wiki\r\n');
  service.latest().send('oops');
  const { text, ending } = await client.rest();
  expect(ending).toBe('reset');
  expect(text).not.toContain('0\r\n');
});

test('bytes after an answer cost that connection, and nobody else notices', async () => {
  const poisoned = new Promise<Peer>((resolve) => {
    service.on('/more', (connection) => {
      connection.send(`${answer('200 OK', 'mine')}${answer('200 OK', 'smuggled')}`);
      resolve(connection);
    });
  });
  const client = await connect(sidecar.inbound);
  client.send(get('/more') + get('/next'));
  expect(await client.message()).toMatchObject({ body: 'mine' });
  expect(await client.message()).toMatchObject({ start: 'HTTP/1.1 200 OK', body: '' });
  await (await poisoned).ended();
  client.socket.destroy();
});

test('a service that speaks unasked costs that connection only', async () => {
  await ask(sidecar.inbound, get('/before'));
  const idle = service.latest();
  idle.send(answer('408 Request Timeout', ''));
  await idle.ended();
  expect(await ask(sidecar.inbound, get('/after'))).toMatchObject({ start: 'HTTP/1.1 200 OK', body: '' });
});

test('a second final answer to one request is never given to the next request', async () => {
  service.on('/double', (connection) => {
    connection.send(answer('200 OK', 'first'));
    setImmediate(() => connection.send(answer('200 OK', 'second')));
  });
  const client = await connect(sidecar.inbound);
  for (let count = 0; count < 50; count++) {
    client.send(get('/double'));
    const message = await client.message();
    if (statusOf(message) === 200) expect(message.body).toBe('first');
    else expect(field(message, 'fusebox-reason')).toBe('upstream-protocol');
  }
  client.socket.destroy();
});
