import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startAdmin } from '@fusebox/runtime/admin.ts';
import { adminEndpoints } from './admin-endpoints.ts';
import { sendDrain } from './drain-command.ts';
import { isLoopbackAddress, isLoopbackHost } from '@fusebox/runtime/loopback.ts';

const state = { ready: true, drains: 0 };
let admin: Awaited<ReturnType<typeof startAdmin>>;

const options = {
  host: '127.0.0.1',
  port: 0,
  ready: () => state.ready,
  renderMetrics: () => 'a 1\n',
  more: adminEndpoints({
    snapshot: () => ({ digest: 'sha256:0' }),
    circuits: (): unknown => {
      throw new Error('secret');
    },
    drain: () => {
      state.drains += 1;
    },
  }),
};

beforeEach(async () => {
  Object.assign(state, { ready: true, drains: 0 });
  admin = await startAdmin(options);
});
afterEach(() => admin.close());

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: admin.port, method, path, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

test('live as long as it answers, ready when the sidecar says so', async () => {
  expect(await ask('GET', '/livez')).toMatchObject({ status: 200, body: 'live\n' });
  expect(await ask('GET', '/readyz?verbose')).toMatchObject({ status: 200, body: 'ready\n' });
  state.ready = false;
  expect(await ask('GET', '/readyz')).toMatchObject({ status: 503, body: 'not ready\n' });
  expect(await ask('GET', '/livez')).toMatchObject({ status: 200 });
});

test('metrics come in the text format', async () => {
  const { headers, body } = await ask('GET', '/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(body).toBe('a 1\n');
});

test('HEAD has the head of GET', async () => {
  expect(await ask('HEAD', '/metrics')).toMatchObject({ status: 200, headers: { 'content-length': '4' }, body: '' });
});

test('a loopback caller sees the snapshot and may drain', async () => {
  expect(await ask('GET', '/snapshot')).toMatchObject({ status: 200, body: '{\n  "digest": "sha256:0"\n}\n' });
  expect(await ask('POST', '/drain')).toMatchObject({ status: 202 });
  expect(state.drains).toBe(1);
});

describe('a page in a browser on this machine gets nothing', () => {
  test.each<[string, string, Record<string, string>]>([
    ['GET', '/snapshot', { host: 'evil.example' }],
    ['GET', '/snapshot', { host: 'localhost.evil.example:4143' }],
    ['POST', '/drain', { origin: 'https://evil.example' }],
    ['POST', '/drain', { origin: 'null' }],
    ['GET', '/snapshot', { 'sec-fetch-site': 'cross-site' }],
    ['POST', '/drain', { 'sec-fetch-site': 'same-site' }],
    ['POST', '/drain', { host: '10.0.0.1' }],
  ])('%s %s with %j', async (method, path, headers) => {
    expect(await ask(method, path, headers)).toMatchObject({
      status: 403,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(state.drains).toBe(0);
  });

  test('whoever types the address is no page', async () => {
    expect(await ask('GET', '/snapshot', { 'sec-fetch-site': 'none' })).toMatchObject({ status: 200 });
  });

  test('what is public stays public under any name', async () => {
    expect(await ask('GET', '/metrics', { host: 'users.shop.svc:4143' })).toMatchObject({ status: 200 });
  });
});

test('what does not exist is 404, the wrong method 405 with Allow', async () => {
  expect(await ask('GET', '/')).toMatchObject({ status: 404 });
  expect(await ask('GET', '/__proto__')).toMatchObject({ status: 404 });
  expect(await ask('GET', '/drain')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  expect(await ask('POST', '/metrics')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});

test('a failure inside is a 500 that tells nothing', async () => {
  const { status, body } = await ask('GET', '/circuits');
  expect(status).toBe(500);
  expect(body).not.toContain('secret');
});

test('an address that is taken is told with the flag that changes it', async () => {
  await expect(startAdmin({ ...options, port: admin.port })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${admin.port}: it is already in use; change it with --admin`,
  );
});

test('close ends connections that are still open', async () => {
  const socket = connect(admin.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  await admin.close();
  await ended;
});

test('the drain command reaches the listener, also one bound to every address', async () => {
  await sendDrain({ host: '127.0.0.1', port: admin.port });
  await sendDrain({ host: null, port: admin.port });
  expect(state.drains).toBe(2);
});

test('the drain command says when it is refused', async () => {
  const other = createServer((_, response) => response.writeHead(403).end());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await expect(sendDrain({ host: '127.0.0.1', port })).rejects.toThrow(
    `127.0.0.1:${port} answered POST /drain with 403, not 202`,
  );
  other.close();
});

test('the drain command says when nobody answers', async () => {
  const { port } = admin;
  await admin.close();
  await expect(sendDrain({ host: null, port })).rejects.toThrow(
    new RegExp(
      `^no sidecar could be told to drain at 127\\.0\\.0\\.1:${port}: .*ECONNREFUSED.*; --admin says where it is$`,
    ),
  );
});

test.each<[string | undefined, boolean]>([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['127.evil.example', false],
  [undefined, false],
])('the peer %s is on this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
});

test.each<[string | undefined, boolean]>([
  [undefined, true],
  ['localhost', true],
  ['LOCALHOST:4143', true],
  ['127.0.0.1:4143', true],
  ['[::1]:4143', true],
  ['127.0.0.1.evil.example', false],
  ['users:4143', false],
  ['', false],
])('the Host %s names this machine: %s', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});
