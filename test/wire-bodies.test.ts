/** What is passed on, both ways, for every way in which a body may be delimited. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, statusOf, type Message } from './support/message.ts';
import { ask, connect, get, post } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { withoutSignature } from './support/signature.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({ upstream: service.port });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

/** The service answers with these bytes, and tells what request came. */
function answering(path: string, bytes: string, thenClose = false): Promise<Message> {
  return new Promise((resolve) => {
    service.on(path, async (connection, head) => {
      const request = await wholeRequest(connection, head);
      connection.send(bytes);
      if (thenClose) connection.socket.end();
      resolve(request);
    });
  });
}

const DATE = 'Date: Sun, 06 Nov 1994 08:49:37 GMT';

describe('a request', () => {
  test('passes verbatim but for the lines of the next hop and what the sidecar adds', async () => {
    const forwarded = answering('/verbatim', answer('200 OK', ''));
    await ask(
      sidecar.inbound,
      'GET /verbatim?q=%2F&a=b HTTP/1.1\r\nhOsT: Users.Test:80\r\nX-Odd:  spaced\t value \r\nCookie: a=1\r\nCookie: b=2\r\n' +
        'Connection: x-private, keep-alive\r\nX-Private: secret\r\nKeep-Alive: timeout=5\r\nTE: gzip\r\nUpgrade: foo\r\n\r\n',
    );
    const { start, lines } = await forwarded;
    expect(start).toBe('GET /verbatim?q=%2F&a=b HTTP/1.1');
    expect(withoutSignature(lines)).toEqual([
      'hOsT: Users.Test:80',
      'X-Odd:  spaced\t value ',
      'Cookie: a=1',
      'Cookie: b=2',
    ]);
    expect(lines.filter((line) => !withoutSignature(lines).includes(line))).toEqual([
      expect.stringMatching(/^Via: 1\.1 fusebox-[0-9a-f]{8}$/),
      expect.stringMatching(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/),
      expect.stringMatching(/^x-request-id: [0-9a-f]{32}$/),
    ]);
  });

  test('with Content-Length arrives with the same length and bytes', async () => {
    const body = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte)).repeat(800);
    const forwarded = answering('/length', answer('201 Created', 'made'));
    expect(await ask(sidecar.inbound, post('/length', body))).toMatchObject({
      start: 'HTTP/1.1 201 Created',
      body: 'made',
    });
    const request = await forwarded;
    expect(field(request, 'content-length')).toBe('204800');
    expect(request.body === body).toBe(true);
  });

  test('in chunks keeps its chunks, extensions and trailers', async () => {
    const chunked = '5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Check: 1\r\nX-More: 2\r\n\r\n';
    let bytes = '';
    service.on('/chunked', async (connection) => {
      bytes = await connection.takeLength(chunked.length);
      connection.send(answer('200 OK', 'ok'));
    });
    const head = 'POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Check\r\n\r\n';
    expect(await ask(sidecar.inbound, head + chunked)).toMatchObject({ body: 'ok' });
    expect(bytes).toBe(chunked);
    expect(service.seen('/chunked')[0]!.lines).toContain('Trailer: X-Check');
  });

  test.each([1, 2, 7])('arrives whole when its bytes come in pieces of %i', async (pieceLength) => {
    const forwarded = answering(`/pieces/${pieceLength}`, answer('200 OK', 'ok'));
    const request =
      `POST /pieces/${pieceLength} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
      '3\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n';
    const client = await connect(sidecar.inbound);
    for (let at = 0; at < request.length; at += pieceLength) {
      await new Promise((resolve) => client.socket.write(request.slice(at, at + pieceLength), resolve));
    }
    expect(statusOf(await client.message())).toBe(200);
    expect(await forwarded).toMatchObject({ body: 'abc0123456789', trailers: ['T: 1'] });
    client.socket.destroy();
  });

  test('with Content-Length 0 has no body, and the next one follows it', async () => {
    const client = await connect(sidecar.inbound);
    client.send(post('/empty', '') + get('/after-empty'));
    expect(await client.message()).toMatchObject({ body: '' });
    expect(await client.message()).toMatchObject({ body: '' });
    expect(service.seen('/after-empty')).toHaveLength(1);
    client.socket.destroy();
  });

  test('in absolute form goes on with its path, and its authority as Host', async () => {
    const forwarded = answering('/absolute', answer('200 OK', ''));
    await ask(sidecar.inbound, 'GET http://other.test:8080/absolute?x HTTP/1.1\r\nHost: ignored\r\n\r\n');
    const { start, lines } = await forwarded;
    expect(start).toBe('GET /absolute?x HTTP/1.1');
    expect(withoutSignature(lines)).toEqual(['Host: other.test:8080']);
  });

  test('OPTIONS * is passed on', async () => {
    const forwarded = answering('*', answer('204 No Content', ''));
    expect(statusOf(await ask(sidecar.inbound, 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'))).toBe(204);
    expect((await forwarded).start).toBe('OPTIONS * HTTP/1.1');
  });
});

describe('an answer', () => {
  test('passes verbatim but for the lines of the next hop, with Via', async () => {
    const lines = ['Server:  odd ', DATE, 'Set-Cookie: a=1', 'set-cookie: b=2'];
    void answering(
      '/answer',
      answer('299 Strange But True', 'x', ...lines, 'Keep-Alive: timeout=9', 'Connection: x-hop', 'X-Hop: 1'),
    );
    const message = await ask(sidecar.inbound, get('/answer'));
    expect(message.start).toBe('HTTP/1.1 299 Strange But True');
    expect(withoutSignature(message.lines)).toEqual([...lines, 'Content-Length: 1']);
    expect(field(message, 'via')).toMatch(/^1\.1 fusebox-[0-9a-f]{8}$/);
  });

  test('gets a Date where the service sent none', async () => {
    void answering('/dateless', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect(field(await ask(sidecar.inbound, get('/dateless')), 'date')).toMatch(
      /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/,
    );
  });

  test('in chunks keeps chunks and trailers', async () => {
    const chunked = '4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\nX-Sum: 9\r\n\r\n';
    void answering('/chunks', `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`);
    const client = await connect(sidecar.inbound);
    client.send(get('/chunks', 'TE: trailers'));
    const head = await client.take('\r\n\r\n');
    expect(head).toContain('Transfer-Encoding: chunked\r\n');
    expect(head).toContain('Trailer: X-Sum\r\n');
    expect(await client.takeLength(chunked.length)).toBe(chunked);
    expect(field(service.seen('/chunks')[0]!, 'te')).toBe('trailers');
    client.socket.destroy();
  });

  test('that ends with its connection ends the client connection too', async () => {
    void answering('/until-close', 'HTTP/1.1 200 OK\r\n\r\nall of it', true);
    const client = await connect(sidecar.inbound);
    client.send(get('/until-close'));
    const message = await client.message();
    expect(message).toMatchObject({ framing: 'close', body: 'all of it' });
    expect(field(message, 'connection')).toBe('close');
    expect(await client.ended()).toBe('end');
  });

  test('of HTTP/1.0 goes on as 1.1', async () => {
    void answering('/old-service', 'HTTP/1.0 200 Fine\r\nContent-Length: 3\r\n\r\nold', true);
    expect(await ask(sidecar.inbound, get('/old-service'))).toMatchObject({ start: 'HTTP/1.1 200 Fine', body: 'old' });
  });

  test.each([
    ['HEAD', '200 OK', ['Content-Length: 1234']],
    ['HEAD', '200 OK', ['Transfer-Encoding: chunked']],
    ['GET', '204 No Content', []],
    ['GET', '304 Not Modified', ['Content-Length: 1234', 'ETag: "1"']],
  ])('to %s with %s has no body, and the connection carries on', async (method, status, lines) => {
    const path = `/bodyless/${method}/${status.slice(0, 3)}/${lines.length}${lines[0]?.length ?? 0}`;
    void answering(path, [`HTTP/1.1 ${status}`, DATE, ...lines, '', ''].join('\r\n'));
    const client = await connect(sidecar.inbound);
    client.send(get(path).replace('GET', method) + get('/next'));
    const first = await client.message(true);
    expect(first.start).toBe(`HTTP/1.1 ${status}`);
    expect(withoutSignature(first.lines)).toEqual([DATE, ...lines]);
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
  });

  test('comes before the request is complete, and the rest of the request does not harm the next', async () => {
    service.on('/early', (connection) => connection.send(answer('403 Forbidden', 'no')));
    const client = await connect(sidecar.inbound);
    client.send('POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nfirst part');
    expect(await client.message()).toMatchObject({ start: 'HTTP/1.1 403 Forbidden', body: 'no' });
    const upload = service.latest();
    client.send('x'.repeat(990) + get('/after-early'));
    expect(statusOf(await client.message())).toBe(200);
    // Half a request went over that connection: it can carry no other.
    await upload.ended();
    client.socket.destroy();
  });

  test('of a service that answers and closes without reading reaches a client that is still sending', async () => {
    service.on('/hasty', ({ socket }) => {
      socket.pause();
      socket.write(answer('413 Content Too Large', 'no', 'Connection: close'), () => void socket.destroy());
    });
    for (let count = 0; count < 20; count++) {
      const client = await connect(sidecar.inbound);
      client.send('POST /hasty HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n');
      client.send('x'.repeat(3_000_000));
      expect(await client.message()).toMatchObject({ start: 'HTTP/1.1 413 Content Too Large', body: 'no' });
      client.socket.destroy();
    }
  });

  test('that comes early to a very long request ends the connection after it', async () => {
    service.on('/early-long', (connection) => connection.send(answer('413 Content Too Large', 'no')));
    const client = await connect(sidecar.inbound);
    client.send('POST /early-long HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nfirst part');
    const message = await client.message();
    expect(message.body).toBe('no');
    expect(field(message, 'connection')).toBe('close');
    expect(await client.ended()).toBe('end');
  });
});
