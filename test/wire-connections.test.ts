/** How requests follow one another on a connection, and what comes between request and answer. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, statusOf } from './support/message.ts';
import { ask, connect, get, post } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { newFolder } from './support/settings.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({ upstream: service.port });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

describe('keep-alive', () => {
  test('one connection of the client carries many requests over one connection to the service', async () => {
    const client = await connect(sidecar.inbound);
    const before = service.connections.length;
    for (let count = 0; count < 20; count++) {
      client.send(post('/kept', `body ${count}`));
      expect(await client.message()).toMatchObject({ start: 'HTTP/1.1 200 OK', body: `body ${count}` });
    }
    expect(service.connections.length - before).toBeLessThanOrEqual(1);
    client.socket.destroy();
  });

  test('a client that asks for the end gets it, and the service does not hear of it', async () => {
    const client = await connect(sidecar.inbound);
    client.send(get('/last', 'Connection: close') + get('/never'));
    const message = await client.message();
    expect(field(message, 'connection')).toBe('close');
    expect(await client.rest()).toEqual({ text: '', ending: 'end' });
    expect(field(service.seen('/last')[0]!, 'connection')).toBeNull();
    expect(service.seen('/never')).toEqual([]);
  });

  test('a service that closes after its answer does not end the client connection', async () => {
    service.on('/closing', (connection) => {
      connection.send(answer('200 OK', 'bye', 'Connection: close'));
      connection.socket.end();
    });
    const client = await connect(sidecar.inbound);
    client.send(get('/closing') + get('/closing'));
    for (let count = 0; count < 2; count++) {
      const message = await client.message();
      expect(message.body).toBe('bye');
      expect(field(message, 'connection')).toBeNull();
    }
    client.socket.destroy();
  });
});

test('five hundred clients at once get each their own answers', async () => {
  let turn = 0;
  const wrong: string[] = [];
  service.on('/crowd', async (connection, head) => {
    await wholeRequest(connection, head);
    connection.send(answer('200 OK', field(head, 'x-turn')!));
  });
  const clients = await Promise.all(Array.from({ length: 500 }, () => connect(sidecar.inbound)));
  await Promise.all(
    clients.map(async (client) => {
      for (let count = 0; count < 5; count++) {
        const mine = String(++turn);
        client.send(post('/crowd', 'body', `X-Turn: ${mine}`));
        const { body } = await client.message();
        if (body !== mine) wrong.push(`${body} instead of ${mine}`);
      }
      client.socket.destroy();
    }),
  );
  expect(wrong).toEqual([]);
});

test('a service on a Unix socket is served as well', async () => {
  const folder = await newFolder();
  const path = join(folder.path, 'service.sock');
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(answer('200 OK', 'unix')));
  }).listen(path);
  await once(server, 'listening');
  await using beside = await startSidecar({ upstream: `unix:${path}` });
  expect(await ask(beside.inbound, get('/'))).toMatchObject({ start: 'HTTP/1.1 200 OK', body: 'unix' });
  server.close();
  await folder.remove();
});

describe('pipelining', () => {
  test('ten requests in one write are answered in order, each asked for after the answer before it', async () => {
    const answered: number[] = [];
    service.on('/pipe', async (connection, head) => {
      const { body } = await wholeRequest(connection, head);
      answered.push(Number(body));
      connection.send(answer('200 OK', `answer ${body}`));
    });
    const client = await connect(sidecar.inbound);
    client.send(Array.from({ length: 10 }, (_, index) => post('/pipe', String(index))).join(''));
    for (let index = 0; index < 10; index++) {
      expect(await client.message()).toMatchObject({ body: `answer ${index}` });
    }
    expect(answered).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    client.socket.destroy();
  });

  test('a request that cannot be read does not spoil the answers before it', async () => {
    const client = await connect(sidecar.inbound);
    client.send(`${get('/good')}GET /bad HTTP/1.1\r\nHost : a\r\n\r\n${get('/unread')}`);
    expect(statusOf(await client.message())).toBe(200);
    expect(statusOf(await client.message())).toBe(400);
    expect(await client.rest()).toEqual({ text: '', ending: 'end' });
    expect(service.seen('/unread')).toEqual([]);
  });
});

describe('a client of HTTP/1.0', () => {
  test('gets one answer and the end, and the service is told a Host', async () => {
    const client = await connect(sidecar.inbound);
    client.send('GET /old HTTP/1.0\r\n\r\n');
    const message = await client.message();
    expect(message.start).toBe('HTTP/1.1 200 OK');
    expect(field(message, 'connection')).toBe('close');
    expect(await client.ended()).toBe('end');
    const [forwarded] = service.seen('/old');
    expect(forwarded!.start).toBe('GET /old HTTP/1.1');
    expect(field(forwarded!, 'host')).toBe(`127.0.0.1:${service.port}`);
    expect(field(forwarded!, 'via')).toMatch(/^1\.0 fusebox-/);
  });

  test('keeps its connection when it asks for that', async () => {
    const client = await connect(sidecar.inbound);
    for (let count = 0; count < 3; count++) {
      client.send('GET /old-kept HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      const message = await client.message();
      expect(field(message, 'connection')).toBe('keep-alive');
    }
    client.socket.destroy();
  });

  test.each(['', 'Connection: keep-alive\r\n'])(
    'gets the data of a chunked answer without the chunks (%j)',
    async (line) => {
      service.on('/chunks', (connection) => {
        connection.send('HTTP/1.1 200 OK\r\nTrailer: T\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n');
        connection.send('5;a=b\r\npedia\r\n0\r\nT: 1\r\n\r\n');
      });
      const client = await connect(sidecar.inbound);
      client.send(`GET /chunks HTTP/1.0\r\n${line}\r\n`);
      const head = await client.take('\r\n\r\n');
      expect(head).not.toMatch(/transfer-encoding|trailer|keep-alive/i);
      expect(await client.rest()).toEqual({ text: 'wikipedia', ending: 'end' });
    },
  );

  test('gets no interim answer', async () => {
    service.on('/hints', (connection) => {
      connection.send(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${answer('200 OK', 'done')}`);
    });
    expect(await ask(sidecar.inbound, 'GET /hints HTTP/1.0\r\n\r\n')).toMatchObject({
      start: 'HTTP/1.1 200 OK',
      body: 'done',
    });
  });
});

describe('interim answers', () => {
  test('Expect: 100-continue goes to the service, its 100 to the client, and then the body', async () => {
    service.on('/expect', async (connection, head) => {
      expect(field(head, 'expect')).toBe('100-continue');
      expect(connection.received).toBe('');
      connection.send('HTTP/1.1 100 Continue\r\n\r\n');
      const { body } = await wholeRequest(connection, head);
      connection.send(answer('200 OK', `got ${body}`));
    });
    const client = await connect(sidecar.inbound);
    client.send('PUT /expect HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    expect((await client.message()).start).toBe('HTTP/1.1 100 Continue');
    client.send('body');
    expect(await client.message()).toMatchObject({ start: 'HTTP/1.1 200 OK', body: 'got body' });
    client.send(get('/after-expect'));
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
  });

  test('a service that refuses instead of 100 is heard, and the connection ends: the body may come or not', async () => {
    service.on('/refused', (connection) => connection.send(answer('401 Unauthorized', 'who?')));
    const client = await connect(sidecar.inbound);
    client.send('PUT /refused HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    const message = await client.message();
    expect(message).toMatchObject({ start: 'HTTP/1.1 401 Unauthorized', body: 'who?' });
    expect(field(message, 'connection')).toBe('close');
    expect(await client.ended()).toBe('end');
  });

  test('several are passed on in order before the final one', async () => {
    service.on('/several', (connection) => {
      connection.send('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      connection.send(`HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n${answer('200 OK', 'done')}`);
    });
    const client = await connect(sidecar.inbound);
    client.send(get('/several'));
    const messages = [await client.message(), await client.message(), await client.message(), await client.message()];
    expect(messages.map(statusOf)).toEqual([102, 103, 103, 200]);
    expect(messages.map((message) => field(message, 'link'))).toEqual([null, '</a>', '</b>', null]);
    expect(messages[3]!.body).toBe('done');
    client.socket.destroy();
  });
});
