import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SpanRecord } from '../span-record.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import type { LogFields } from '@fusebox/runtime/log.ts';
import { startTelemetry } from './telemetry.ts';
import type { Telemetry } from './telemetry.ts';

/** The JSON encoding of OTLP, as far as these tests look. */
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  kind: number;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  flags: number;
  attributes: { key: string; value: Record<string, unknown> }[];
  events: { name: string; timeUnixNano: string; attributes: { key: string; value: Record<string, unknown> }[] }[];
  status: { code?: number; message?: string };
}
interface OtlpBody {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

let collector: Server;
let endpoint: string;
let status: number;
let requests: { url: string | undefined; body: OtlpBody }[];
let heard: () => void;
let lines: LogFields[];
let telemetry: Telemetry;

const log = newLogger({
  level: 'info',
  write: (line) => {
    lines.push(JSON.parse(line) as LogFields);
    heard();
  },
  wallMs: () => 0,
});

beforeEach(async () => {
  [status, requests, lines, heard] = [200, [], [], () => {}];
  collector = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      requests.push({ url: request.url, body: JSON.parse(text) as OtlpBody });
      if (status !== 0) response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      heard();
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const address = collector.address();
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(async () => {
  collector.closeAllConnections();
  collector.close();
  await telemetry.close();
});

/** `close` is given long enough for a collector that answers, and is not worth waiting for where none does. */
const start = async (base = endpoint, batchDelayMs = 1): Promise<void> => {
  telemetry = await startTelemetry({
    endpoint: base,
    serviceName: 'users',
    log,
    batchDelayMs,
    closeTimeoutMs: status === 0 ? 20 : 10_000,
    resourceAttributes: { 'k8s.namespace.name': 'shop' },
  });
};

/** Waits until this holds, looking whenever the collector or the log has heard something. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => (heard = resolve));
}

const spans = (): OtlpSpan[] =>
  requests.flatMap(({ body }) =>
    body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );

const server: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  traceState: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  kind: 'server',
  name: 'GET /users/:id',
  startWallMs: 1_767_225_600_000.25,
  endWallMs: 1_767_225_600_012.5,
  attributes: { 'http.request.method': 'GET', 'http.response.status_code': 503, 'fusebox.shadow': false },
  events: [{ name: 'refused', wallMs: 1_767_225_600_001, attributes: { reason: 'circuit-open' } }],
  error: 'circuit-open',
};
const client: SpanRecord = {
  ...server,
  spanId: 'c7ad6b7169203332',
  parentSpanId: server.spanId,
  kind: 'client',
  name: 'GET',
  events: [],
  error: null,
};

test('a span arrives with exactly the ids, times and attributes of its record', async () => {
  await start();
  telemetry.export(server);
  telemetry.export(client);
  await until(() => spans().length === 2);
  expect(requests[0]?.url).toBe('/v1/traces');
  const [first, second] = spans();
  expect(first).toMatchObject({
    traceId: server.traceId,
    spanId: server.spanId,
    parentSpanId: server.parentSpanId,
    traceState: server.traceState,
    kind: 2,
    name: server.name,
    startTimeUnixNano: '1767225600000250000',
    endTimeUnixNano: '1767225600012500000',
    attributes: [
      { key: 'http.request.method', value: { stringValue: 'GET' } },
      { key: 'http.response.status_code', value: { intValue: 503 } },
      { key: 'fusebox.shadow', value: { boolValue: false } },
    ],
    events: [
      {
        name: 'refused',
        timeUnixNano: '1767225600001000000',
        attributes: [{ key: 'reason', value: { stringValue: 'circuit-open' } }],
      },
    ],
    status: { code: 2, message: 'circuit-open' },
  });
  expect(second).toMatchObject({ spanId: client.spanId, parentSpanId: server.spanId, kind: 3, events: [] });
  expect(second?.status.code ?? 0).toBe(0);
  // Bit 8 says that bit 9 is known; bit 9, that the parent is in another process (opentelemetry-proto, SpanFlags).
  expect((first?.flags ?? 0) & 0x300).toBe(0x300);
  expect((second?.flags ?? 0) & 0x300).toBe(0x100);
  expect(telemetry.dropped()).toBe(0);
});

test('the root of a trace keeps its own trace id and has no parent', async () => {
  await start();
  telemetry.export({ ...server, parentSpanId: null, traceState: null });
  await until(() => spans().length === 1);
  expect(spans()[0]).toMatchObject({ traceId: server.traceId, spanId: server.spanId });
  expect(spans()[0]?.parentSpanId ?? '').toBe('');
  expect(spans()[0]?.traceState ?? '').toBe('');
});

test('the resource names the service', async () => {
  await start();
  telemetry.export(server);
  await until(() => requests.length === 1);
  const attributes = requests[0]?.body.resourceSpans[0]?.resource.attributes;
  expect(attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'users' } });
  expect(attributes).toContainEqual({ key: 'k8s.namespace.name', value: { stringValue: 'shop' } });
});

test.each(['/', '/otlp', '/otlp/'])('the path of the endpoint %s stays before /v1/traces', async (path) => {
  await start(endpoint + path);
  telemetry.export(server);
  await until(() => requests.length === 1);
  expect(requests[0]?.url).toBe(`${path.replace(/\/$/, '')}/v1/traces`);
});

test('an outage is told once when it begins and once when it ends, and its spans are counted', async () => {
  await start();
  status = 400;
  for (const expected of [1, 2, 3]) {
    telemetry.export(server);
    await until(() => requests.length === expected);
  }
  await until(() => lines.length === 1);
  status = 200;
  telemetry.export(server);
  await until(() => lines.length === 2);
  expect(lines.map((line) => line['message'])).toEqual(['spans cannot be exported', 'spans are exported again']);
  expect(telemetry.dropped()).toBe(3);
});

test('when the queue is full spans are dropped and counted', async () => {
  status = 0;
  await start(endpoint, 60_000);
  // The first 512 leave as a batch that is never answered; 2048 wait; the others find no room.
  for (let count = 0; count < 512 + 2048 + 7; count += 1) telemetry.export(server);
  expect(telemetry.dropped()).toBe(7);
});

test('close sends what is queued, and what comes later is dropped', async () => {
  await start(endpoint, 60_000);
  for (let count = 0; count < 700; count += 1) telemetry.export(server);
  await telemetry.close();
  expect(spans()).toHaveLength(700);
  telemetry.export(server);
  expect(telemetry.dropped()).toBe(1);
});

test('close does not wait for a collector that never answers', async () => {
  status = 0;
  await start(endpoint, 60_000);
  telemetry.export(server);
  await telemetry.close();
  expect(requests).toHaveLength(1);
});
