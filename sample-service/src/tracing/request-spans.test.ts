import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addScopes } from '../http/request-scope.ts';
import { recordingSpan } from '../tracing.ts';
import { recordSpans, type RecordedSpans } from './recorded-spans.ts';
import { traceRequests } from './request-spans.ts';

let spans: RecordedSpans;
let app: FastifyInstance;
let url: string;
let arrived: () => void;
beforeEach(async () => {
  spans = recordSpans();
  app = Fastify();
  addScopes(app);
  traceRequests(app);
  app.get('/things/:id', async ({ scope }) => ({ recorded: recordingSpan(scope) !== null }));
  app.get('/broken', async () => {
    throw new Error('broken');
  });
  app.get('/slow', () => {
    arrived();
    return new Promise(() => {});
  });
  url = await app.listen({ port: 0 });
});
afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
  await spans.stop();
});

const ended = async () => {
  await expect.poll(() => spans.ended()).toHaveLength(1);
  return spans.ended()[0]!;
};

test('a request has a span of its route, which handlers find in the scope', async () => {
  expect(await (await fetch(`${url}/things/7?a=b&c`, { headers: { 'user-agent': 'test' } })).json()).toEqual({
    recorded: true,
  });
  const { port } = app.server.address() as AddressInfo;
  expect(await ended()).toMatchObject({
    name: 'GET /things/:id',
    kind: SpanKind.SERVER,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/things/:id',
      'http.response.status_code': 200,
      'url.path': '/things/7',
      'url.query': 'a=b&c',
      'server.port': port,
      'user_agent.original': 'test',
    },
  });
});

test('an unknown path is named by its method alone, and is no fault of the service', async () => {
  await fetch(`${url}/nowhere/7`);
  expect(await ended()).toMatchObject({ name: 'GET', status: { code: SpanStatusCode.UNSET } });
});

test('a 500 is marked', async () => {
  await fetch(`${url}/broken`);
  expect(await ended()).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': '500' },
  });
});

test('a client that goes away ends the span', async () => {
  const here = new Promise<void>((resolve) => (arrived = resolve));
  const client = new AbortController();
  const answer = fetch(`${url}/slow`, { signal: client.signal }).catch(() => 'gone');
  await here;
  client.abort();
  expect(await answer).toBe('gone');
  const span = await ended();
  expect(span.attributes['error.type']).toBe('client-gone');
  expect(span.attributes).not.toHaveProperty('http.response.status_code');
});

test.each(['//', '/%', '*', 'http://[', '/?', '/things/7?%zz'])('the target %s does no harm', async (target) => {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.end(`GET ${target} HTTP/1.0\r\n\r\n`);
  let text = '';
  socket.on('data', (piece: Buffer) => (text += piece.toString()));
  await once(socket, 'close');
  expect(text).toMatch(/^HTTP\/1\.1 [24]/);
});
