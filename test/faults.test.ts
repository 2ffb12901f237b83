/** A service that refuses, dies, hangs; a client that leaves. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { held } from './support/held-path.ts';
import { field, problemOf, statusOf, type Head } from './support/message.ts';
import { ask, connect, get, post, type Peer } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({
    upstream: service.port,
    settings: {
      inbound: {
        defaults: { circuitBreaker: { mode: 'Disabled' } },
        routes: [
          { name: 'hurried', match: { pathPrefix: '/hurried' }, timeout: '100ms' },
          { name: 'dripping', match: { pathPrefix: '/dripping' }, idleTimeout: '150ms' },
          { name: 'bounded', match: { pathPrefix: '/bounded' }, maxDuration: '300ms' },
          {
            name: 'narrow',
            match: { pathPrefix: '/narrow' },
            concurrency: { maxConcurrent: 1, queue: { size: 5, timeout: '20s' } },
          },
        ],
      },
    },
  });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

const reasonOf = (head: Head): string | null => field(head, 'fusebox-reason');
const inFlight = { route: 'narrow' };

describe('a service that', () => {
  test('refuses connections: 502 upstream-connect, and served again once it listens', async () => {
    const gone = await startService();
    await gone.close();
    await using lonely = await startSidecar({ upstream: gone.port });
    const client = await connect(lonely.inbound);
    client.send(get('/') + post('/', 'body'));
    for (let count = 0; count < 2; count++) {
      const message = await client.message();
      expect(message.start).toBe('HTTP/1.1 502 Bad Gateway');
      expect(reasonOf(message)).toBe('upstream-connect');
    }
    const back = await startService(gone.port);
    client.send(get('/'));
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
    await back.close();
  });

  test('dies before its answer: 502 upstream-reset', async () => {
    service.on('/dies', ({ socket }) => void socket.destroy());
    const message = await ask(sidecar.inbound, post('/dies', 'x'));
    expect([statusOf(message), reasonOf(message)]).toEqual([502, 'upstream-reset']);
  });

  test.each(['end', 'reset'])('dies inside the head of its answer (%s): 502 upstream-reset', async (ending) => {
    service.on('/dies-in-head', ({ socket }) => {
      const die = (): unknown => (ending === 'end' ? socket.end() : socket.resetAndDestroy());
      socket.write('HTTP/1.1 200 OK\r\nContent-Le', () => void die());
    });
    const message = await ask(sidecar.inbound, post('/dies-in-head', 'x'));
    expect([statusOf(message), reasonOf(message)]).toEqual([502, 'upstream-reset']);
  });

  test.each([
    ['of known length', 'Content-Length: 10\r\n\r\n12345'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n'],
  ])('dies inside a body %s: the client sees a cut', async (_, text) => {
    service.on('/dies-in-body', (connection) => connection.send(`HTTP/1.1 200 OK\r\n${text}`));
    const client = await connect(sidecar.inbound);
    client.send(get('/dies-in-body'));
    await client.take('12345');
    service.latest().socket.end();
    expect((await client.rest()).ending).toBe('reset');
  });

  test('resets inside a body that ends with its connection: the client sees a cut, not the end', async () => {
    service.on('/reset-in-body', (connection) => connection.send('HTTP/1.1 200 OK\r\n\r\n12345'));
    const client = await connect(sidecar.inbound);
    client.send(get('/reset-in-body'));
    await client.take('12345');
    service.latest().socket.resetAndDestroy();
    expect((await client.rest()).ending).toBe('reset');
  });

  test('hangs: 504 after `timeout`, and its connection is closed', async () => {
    const arrives = held(service, '/hurried');
    const client = await connect(sidecar.inbound);
    client.send(get('/hurried'));
    const connection = await arrives();
    const message = await client.message();
    expect(message.start).toBe('HTTP/1.1 504 Gateway Timeout');
    expect(reasonOf(message)).toBe('timeout');
    await connection.ended();
    client.send(get('/alive'));
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
  });

  test('hangs after the head: cut after `idleTimeout`', async () => {
    service.on('/dripping', (connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'));
    const client = await connect(sidecar.inbound);
    client.send(get('/dripping'));
    await client.take('abc');
    expect(await client.ended()).toBe('reset');
    expect(await sidecar.metric('fusebox_refused_total', { route: 'dripping', reason: 'timeout' })).toBe(1);
  });

  test('drips for longer than `idleTimeout` is served, as long as it goes on dripping', async () => {
    service.on('/dripping/on', async (connection) => {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n');
      for (let count = 0; count < 8; count++) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        connection.send('.');
      }
    });
    expect(await ask(sidecar.inbound, get('/dripping/on'))).toMatchObject({ body: '........' });
  });

  test('drips for ever is cut after `maxDuration`', async () => {
    service.on('/bounded', (connection) => {
      connection.send('HTTP/1.1 200 OK\r\n\r\n');
      const drip = setInterval(() => connection.send('.'), 20);
      connection.socket.once('close', () => clearInterval(drip));
    });
    const client = await connect(sidecar.inbound);
    client.send(get('/bounded'));
    expect((await client.rest()).ending).toBe('reset');
  });
});

describe('a pooled connection that died meanwhile', () => {
  /** The service takes the second request on a connection and closes without a word. */
  function closingOnReuse(path: string): void {
    const used = new Set<Peer>();
    service.on(path, async (connection, head) => {
      await wholeRequest(connection, head);
      if (used.has(connection)) connection.socket.destroy();
      else connection.send(answer('200 OK', 'fresh'));
      used.add(connection);
    });
  }

  test.each(['GET', 'HEAD', 'OPTIONS', 'DELETE'])('is not noticed by %s, which is sent once more', async (method) => {
    const path = `/reuse/${method}`;
    closingOnReuse(path);
    await ask(sidecar.inbound, get(path));
    expect(statusOf(await ask(sidecar.inbound, get(path).replace('GET', method)))).toBe(200);
    expect(service.seen(path)).toHaveLength(3);
  });

  test('is a 502 for POST, which is never sent twice', async () => {
    closingOnReuse('/reuse/post');
    await ask(sidecar.inbound, get('/reuse/post'));
    const message = await ask(sidecar.inbound, post('/reuse/post', 'pay'));
    expect([statusOf(message), reasonOf(message)]).toEqual([502, 'upstream-reset']);
    expect(service.seen('/reuse/post')).toHaveLength(2);
  });

  test('is given one more try, not two', async () => {
    let first = true;
    service.on('/reuse/dead', (connection) => {
      if (first) connection.send(answer('200 OK', ''));
      else connection.socket.destroy();
      first = false;
    });
    await ask(sidecar.inbound, get('/reuse/dead'));
    expect(statusOf(await ask(sidecar.inbound, get('/reuse/dead')))).toBe(502);
    expect(service.seen('/reuse/dead')).toHaveLength(3);
  });

  test('is dropped when the service closes it in time', async () => {
    await ask(sidecar.inbound, get('/idle'));
    const idle = service.latest();
    idle.socket.end();
    await new Promise((resolve) => idle.socket.once('close', resolve));
    expect(statusOf(await ask(sidecar.inbound, post('/idle', 'x')))).toBe(200);
  });
});

describe('a client that leaves', () => {
  test('while its request is at the service: the connection there is closed, the place is free', async () => {
    const arrives = held(service, '/narrow/leaves');
    const client = await connect(sidecar.inbound);
    client.send(get('/narrow/leaves'));
    const connection = await arrives();
    await sidecar.metricIs('fusebox_in_flight', inFlight, 1);
    client.socket.destroy();
    await connection.ended();
    await sidecar.metricIs('fusebox_in_flight', inFlight, 0);
    expect(await sidecar.metric('fusebox_requests_total', { route: 'narrow', code: '499' })).toBe(1);
  });

  test('while it waits in the queue: it is never sent, and those behind it move up', async () => {
    const arrives = held(service, '/narrow/queue');
    const [first, second, third] = [
      await connect(sidecar.inbound),
      await connect(sidecar.inbound),
      await connect(sidecar.inbound),
    ];
    first.send(get('/narrow/queue?first'));
    const connection = await arrives();
    second.send(get('/narrow/queue?second'));
    await sidecar.metricIs('fusebox_queue_depth', inFlight, 1);
    third.send(get('/narrow/queue?third'));
    await sidecar.metricIs('fusebox_queue_depth', inFlight, 2);
    second.socket.destroy();
    await sidecar.metricIs('fusebox_queue_depth', inFlight, 1);
    connection.send(answer('200 OK', 'one'));
    expect(await first.message()).toMatchObject({ body: 'one' });
    (await arrives()).send(answer('200 OK', 'three'));
    expect(await third.message()).toMatchObject({ body: 'three' });
    expect(service.seen('/narrow/queue').map(({ start }) => start.split(' ')[1])).toEqual([
      '/narrow/queue?first',
      '/narrow/queue?third',
    ]);
    await sidecar.metricIs('fusebox_in_flight', inFlight, 0);
    first.socket.destroy();
    third.socket.destroy();
  });

  test('in the middle of its upload: the service sees a cut', async () => {
    const client = await connect(sidecar.inbound);
    const upload = new Promise<Peer>((resolve) => {
      service.on('/upload', async (connection) => {
        await connection.take('part');
        resolve(connection);
        await new Promise(() => {});
      });
    });
    client.send('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart');
    const connection = await upload;
    client.socket.destroy();
    await connection.ended();
    expect(connection.received).toBe('');
  });

  test('in the middle of its download: the service is not left writing', async () => {
    service.on('/download', (connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'));
    const client = await connect(sidecar.inbound);
    client.send(get('/download'));
    await client.take('part');
    const connection = service.latest();
    client.socket.destroy();
    await connection.ended();
  });
});

test('the problem of a fault tells the status and the reason once more, for those who log bodies', async () => {
  service.on('/dies', ({ socket }) => void socket.destroy());
  const message = await ask(sidecar.inbound, post('/dies', 'x'));
  expect(problemOf(message)).toEqual({
    type: 'https://fusebox.dev/problems/upstream-reset',
    title: 'The service closed the connection before its answer',
    status: 502,
  });
});
