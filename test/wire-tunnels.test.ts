/** After a 101 both sides speak another protocol, on real sockets: half-closed, cut, slow and at the end of the process. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { field, statusOf } from './support/message.ts';
import { ask, connect, get, type Peer } from './support/peer.ts';
import { startService, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({ upstream: service.port });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

/** Both ends of a new tunnel. */
async function tunnel(path: string): Promise<{ client: Peer; far: Peer }> {
  const switched = new Promise<Peer>((resolve) => {
    service.on(path, (connection) => {
      connection.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
      resolve(connection);
      // What follows is not HTTP.
      return new Promise<void>(() => {});
    });
  });
  const client = await connect(sidecar.inbound);
  client.send(get(path, 'Connection: Upgrade', 'Upgrade: chat'));
  const head = await client.message();
  expect(statusOf(head)).toBe(101);
  expect([field(head, 'upgrade'), field(head, 'connection')]).toEqual(['chat', 'upgrade']);
  expect(field(service.seen(path)[0]!, 'upgrade')).toBe('chat');
  return { client, far: await switched };
}

test('bytes pass both ways, whatever they look like', async () => {
  const { client, far } = await tunnel('/both');
  client.send('GET / HTTP/1.1\n\n\0');
  expect(await far.take('\0')).toBe('GET / HTTP/1.1\n\n\0');
  far.send('HTTP/9 \xff\0');
  expect(await client.take('\0')).toBe('HTTP/9 \xff\0');
  const large = 'x'.repeat(3_000_000);
  client.send(large);
  far.send(large);
  expect((await far.takeLength(large.length)).length).toBe(large.length);
  expect((await client.takeLength(large.length)).length).toBe(large.length);
  client.socket.destroy();
  await far.ended();
});

test('a service that leaves ends it for the client', async () => {
  const { client, far } = await tunnel('/far-leaves');
  far.send('last words');
  far.socket.end();
  expect((await client.rest()).text).toBe('last words');
  client.socket.destroy();
});

test('a service that breaks off cuts it', async () => {
  const { client, far } = await tunnel('/far-breaks');
  far.socket.resetAndDestroy();
  await client.ended();
});

test('a client that leaves ends it for the service, and nothing of it is used again', async () => {
  const { client, far } = await tunnel('/near-leaves');
  client.socket.destroy();
  await far.ended();
  const before = service.connections.length;
  expect(statusOf(await ask(sidecar.inbound, get('/plain')))).toBe(200);
  expect(service.latest()).not.toBe(far);
  expect(service.connections.length).toBeGreaterThanOrEqual(before);
});

test('a service that does not switch answers as always, and the connection carries on', async () => {
  const client = await connect(sidecar.inbound);
  client.send(get('/no-switch', 'Connection: Upgrade', 'Upgrade: chat') + get('/next'));
  expect(statusOf(await client.message())).toBe(200);
  expect(statusOf(await client.message())).toBe(200);
  client.socket.destroy();
});
