/** One trace goes through the sample service and everything that a request causes, with a sidecar before it or none. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPaymentStandIn, type PaymentStandIn } from '@fusebox/sample-service/stand-ins/payment-stand-in.ts';
import { startProfileStandIn } from '@fusebox/sample-service/stand-ins/profile-stand-in.ts';
import type { StandIn } from '@fusebox/sample-service/stand-ins/stand-in.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSample } from './support/sample-process.ts';
import { startSidecar } from './support/sidecar-process.ts';
import { startCollector, type SpanCollector } from './support/span-collector.ts';
import { until } from './support/until.ts';

const SERVER = 2;
const CLIENT = 3;
const CONSUMER = 5;
const ERROR = 2;
const callerId = 'b7ad6b7169203331';

let collector: SpanCollector;
let profiles: StandIn;
let payments: PaymentStandIn;
let sample: Awaited<ReturnType<typeof startSample>>;
beforeAll(async () => {
  collector = await startCollector();
  profiles = await startProfileStandIn();
  payments = await startPaymentStandIn();
  sample = await start({ OTEL_SERVICE_NAME: 'users' });
});
afterAll(async () => {
  await sample.process.stop();
  await profiles.close();
  await payments.close();
  collector.close();
});

const start = (env: Record<string, string>, args: string[] = []) =>
  startSample({
    args: ['--seed-users', '3', ...args],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      PROFILES_URL: profiles.url,
      PAYMENTS_URL: payments.url,
      ...env,
    },
  });

let traceId = '';
beforeEach(() => {
  traceId = randomBytes(16).toString('hex');
});
const caller = (flags: '00' | '01') => ({ traceparent: `00-${traceId}-${callerId}-${flags}` });

describe('a request that its caller samples', () => {
  test('is a span below the caller, with one below it for the query and one for the profile call', async () => {
    const headers = { ...caller('01'), 'x-request-id': 'request-1' };
    const response = await fetch(`${sample.url}/users/2?x=1`, { headers });
    expect(response.headers.get('x-request-id')).toBe('request-1');

    const spans = await collector.trace(traceId, 3);
    const server = spans.find(({ kind }) => kind === SERVER)!;
    expect(server).toMatchObject({
      name: 'GET /users/:id',
      parentSpanId: callerId,
      service: 'users',
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/users/:id',
        'http.response.status_code': 200,
        'url.scheme': 'http',
        'url.path': '/users/2',
        'url.query': 'x=1',
        user_id: 2,
        request_id: 'request-1',
      },
      events: [{ name: 'User found' }],
      status: {},
    });
    const below = { kind: CLIENT, parentSpanId: server.spanId };
    expect(spans.find(({ name }) => name === 'database.query')).toMatchObject({
      ...below,
      attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'users' },
    });
    const call = spans.find(({ name }) => name === 'GET /api/profiles/{id}')!;
    expect(call).toMatchObject({
      ...below,
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'url.full': `${profiles.url}/api/profiles/2`,
        'server.address': '127.0.0.1',
      },
    });
    expect(profiles.newest.at(-1)!.headers).toMatchObject({
      traceparent: `00-${traceId}-${call.spanId}-01`,
      'x-request-id': 'request-1',
    });
  });

  test('for a user who is not there says so', async () => {
    await fetch(`${sample.url}/users/999`, { headers: caller('01') });
    const spans = await collector.trace(traceId, 2);
    expect(spans.find(({ kind }) => kind === SERVER)).toMatchObject({
      attributes: { 'http.response.status_code': 404, user_id: 999 },
      events: [{ name: 'User not found' }],
      status: {},
    });
  });

  test('takes the payment service into its trace, and tells of its failure', async () => {
    payments.faults = { mode: 'failing', share: 1, delay_ms: 0 };
    const response = await fetch(`${sample.url}/users/1/payments`, {
      method: 'POST',
      headers: { ...caller('01'), 'content-type': 'application/json' },
      body: JSON.stringify({ amountMinor: 1_250, currency: 'EUR' }),
    });
    expect(response.status).toBe(502);
    const spans = await collector.trace(traceId, 3);
    const call = spans.find(({ name }) => name === 'POST /api/payments')!;
    expect(call).toMatchObject({ status: { code: ERROR }, attributes: { 'error.type': '500' } });
    expect(spans.find(({ kind }) => kind === SERVER)).toMatchObject({
      name: 'POST /users/:id/payments',
      status: { code: ERROR },
      attributes: { 'error.type': '502' },
    });
    expect(payments.newest.at(-1)!.headers['traceparent']).toBe(`00-${traceId}-${call.spanId}-01`);
    payments.faults = { mode: 'none', share: 1, delay_ms: 0 };
  });
});

test('what happens because of a request, though later, belongs into its trace', async () => {
  const response = await fetch(`${sample.url}/users`, {
    method: 'POST',
    headers: { ...caller('01'), 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse' }),
  });
  expect(response.status).toBe(201);
  const find = (wanted: number) => () =>
    collector.spans.find((span) => span.traceId === traceId && span.kind === wanted);
  const consumer = await until('the event was handled', find(CONSUMER));
  const server = await until('the request has ended', find(SERVER));
  expect(consumer).toMatchObject({ name: 'process user.created', links: [{ traceId, spanId: server.spanId }] });
});

test('a request that its caller does not sample leaves no span, and the trace goes on all the same', async () => {
  await fetch(`${sample.url}/users/2`, { headers: caller('00') });
  expect(profiles.newest.at(-1)!.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  const unsampled = traceId;
  traceId = randomBytes(16).toString('hex');
  await fetch(`${sample.url}/users/2`, { headers: caller('01') });
  await collector.trace(traceId, 3); // what came before it would be there by now
  expect(collector.spans.filter((span) => span.traceId === unsampled)).toEqual([]);
});

test('a sidecar and the service behind it make one trace', async () => {
  const port = Number(sample.listening['port']);
  await using sidecar = await startSidecar({ upstream: port, flags: [`--otlp-endpoint=${collector.url}`] });
  await fetch(`http://127.0.0.1:${sidecar.inbound}/users/1`, { headers: caller('01') });
  const spans = await collector.trace(traceId, 5);
  const service = spans.find(({ name }) => name === 'GET /users/:id')!;
  const hop = spans.find(({ spanId }) => spanId === service.parentSpanId)!;
  expect(hop.kind).toBe(CLIENT);
  const front = spans.find(({ spanId }) => spanId === hop.parentSpanId)!;
  expect(front).toMatchObject({ kind: SERVER, parentSpanId: callerId });
  expect(spans.filter(({ parentSpanId }) => parentSpanId === service.spanId)).toHaveLength(2);
});

test('the share that is sampled changes live, and what was not sent yet is sent before the service ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sample-tracing-'));
  const config = join(folder, 'config.yaml');
  await writeFile(config, 'tracing: { sample_ratio: 0 }');
  const other = await start({ OTEL_SERVICE_NAME: 'shares' }, ['--config', config]);
  const ask = () => fetch(`${other.url}/healthz`);
  await ask();
  await writeFile(config, 'tracing: { sample_ratio: 1 }');
  await other.process.logged('settings changed');
  await ask();
  expect(await other.process.stop()).toBe(0);
  expect(collector.spans.filter(({ service }) => service === 'shares')).toHaveLength(1);
  await rm(folder, { recursive: true });
});
