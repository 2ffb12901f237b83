/** What the sidecar refuses as not HTTP: the client is told, the service hears nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, problemOf, statusOf } from './support/message.ts';
import { ask, connect, get } from './support/peer.ts';
import { startService, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({ upstream: service.port });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

const HOST = 'Host: a\r\n';
const fields = (lines: string): string => `POST /refused HTTP/1.1\r\n${HOST}${lines}\r\n\r\n`;

describe('refused before anything is forwarded', () => {
  test.each<[string, string, number, string]>([
    ['a line that ends with LF alone', `GET /refused HTTP/1.1\n${HOST}\r\n`, 400, 'bad-request'],
    ['a bare CR', fields('X: a\rb'), 400, 'bad-request'],
    ['NUL in a value', fields('X: a\0b'), 400, 'bad-request'],
    ['a folded line', fields('X: a\r\n b'), 400, 'bad-request'],
    ['white space before the colon', fields('X : a'), 400, 'bad-request'],
    ['an empty name', fields(': a'), 400, 'bad-request'],
    ['an invalid name', fields('X(: a'), 400, 'bad-request'],
    ['no Host', 'GET /refused HTTP/1.1\r\n\r\n', 400, 'bad-request'],
    ['two Hosts', fields('Host: b'), 400, 'bad-request'],
    ['an invalid Host', 'GET /refused HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'bad-request'],
    ['lengths that differ', fields('Content-Length: 1\r\nContent-Length: 2'), 400, 'bad-request'],
    ['a length that is not digits', fields('Content-Length: +1'), 400, 'bad-request'],
    ['length and coding', fields('Content-Length: 3\r\nTransfer-Encoding: chunked'), 400, 'bad-request'],
    ['chunked twice', fields('Transfer-Encoding: chunked, chunked'), 400, 'bad-request'],
    ['chunked not last', fields('Transfer-Encoding: chunked, gzip'), 400, 'bad-request'],
    ['an unknown coding', fields('Transfer-Encoding: gzip, chunked'), 501, 'not-implemented'],
    ['a coding in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400, 'bad-request'],
    ['a target with a space', `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400, 'bad-request'],
    ['HTTP/2 in the request line', `GET / HTTP/2.0\r\n${HOST}\r\n`, 505, 'version-not-supported'],
    ['CONNECT', `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n`, 405, 'method-not-allowed'],
    ['an unknown expectation', fields('Content-Length: 1\r\nExpect: magic'), 417, 'expectation-failed'],
    ['a target of 17 KiB', `GET /${'a'.repeat(17_000)} HTTP/1.1\r\n${HOST}\r\n`, 414, 'target-too-long'],
    ['a head of 65 KiB', fields(`X: ${'a'.repeat(66_000)}`), 431, 'head-too-large'],
    [
      '101 fields',
      fields(Array.from({ length: 100 }, (_, index) => `X: ${index}`).join('\r\n')),
      431,
      'head-too-large',
    ],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400, 'bad-request'],
  ])('%s', async (_, bytes, status, reason) => {
    const before = service.connections.length;
    const client = await connect(sidecar.inbound);
    client.send(bytes + get('/behind'));
    const message = await client.message();
    expect(statusOf(message)).toBe(status);
    expect(field(message, 'fusebox-reason')).toBe(reason);
    expect(field(message, 'connection')).toBe('close');
    expect(problemOf(message)).toMatchObject({ status, type: `https://fusebox.dev/problems/${reason}` });
    expect(await client.rest()).toEqual({ text: '', ending: 'end' });
    expect(service.connections.length).toBe(before);
  });
});

test.each([
  ['a chunk size that is not hexadecimal', 'x\r\n'],
  ['a chunk longer than it says', '3\r\nabcd\r\n'],
  ['an invalid trailer', '0\r\nBad : x\r\n\r\n'],
  ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n'],
])('a body that turns out broken ends both connections: %s', async (_, broken) => {
  const client = await connect(sidecar.inbound);
  client.send(`POST /broken HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`);
  const [upload] = await reached('/broken');
  client.send(broken + get('/behind'));
  const message = await client.message();
  expect(statusOf(message)).toBe(400);
  expect(field(message, 'connection')).toBe('close');
  await client.ended();
  const { text } = await upload!.rest();
  expect(text).not.toContain('/behind');
  expect(text).not.toMatch(/(^|\n)0\r\n/);
});

test('a head in which nothing is wrong but its size is measured as it comes, not kept', async () => {
  const client = await connect(sidecar.inbound);
  client.send('GET / HTTP/1.1\r\nX: ');
  // Nobody waits for the end of a line that has none.
  for (let piece = 0; piece < 9 && client.ending === null; piece++) client.send('a'.repeat(8192));
  expect(statusOf(await client.message())).toBe(431);
  client.socket.destroy();
});

test('a refusal reaches a client that is still sending', async () => {
  const client = await connect(sidecar.inbound);
  client.send(`${fields('Content-Length: 9\r\nContent-Length: 8')}${'x'.repeat(200_000)}`);
  expect(statusOf(await client.message())).toBe(400);
  expect(await client.ended()).toBe('end');
});

test('a request that came through this sidecar too often is a loop', async () => {
  const pseudonym = field(await ask(sidecar.inbound, get('/who')), 'via')!.split(' ')[1]!;
  const via = (passes: number): string => Array.from({ length: passes }, () => `Via: 1.1 ${pseudonym}`).join('\r\n');
  expect(statusOf(await ask(sidecar.inbound, get('/loop', via(2))))).toBe(200);
  const message = await ask(sidecar.inbound, get('/loop', via(3)));
  expect(message.start).toBe('HTTP/1.1 508 Loop Detected');
  expect(field(message, 'fusebox-reason')).toBe('loop-detected');
});

/** The connection that carries the request for this path, held there by a script that never answers. */
async function reached(path: string): Promise<ScriptedService['connections']> {
  return new Promise((resolve) =>
    service.on(path, (connection) => {
      resolve([connection]);
      return new Promise<void>(() => {});
    }),
  );
}
