/** Trace context as it goes on, and the spans that a collector gets. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { field, statusOf } from './support/message.ts';
import { ask, get, post } from './support/peer.ts';
import { answer, startService, type ScriptedService } from './support/scripted-service.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { startCollector, type SpanCollector } from './support/span-collector.ts';

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

let service: ScriptedService;
let collector: SpanCollector;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  collector = await startCollector();
  sidecar = await startSidecar({
    upstream: service.port,
    flags: [`--otlp-endpoint=${collector.url}`, '--service-name=users', '--drain-delay=0s'],
    settings: {
      sampleRatio: 0,
      inbound: {
        routes: [
          { name: 'user', match: { path: '/users/:id' } },
          { name: 'off', match: { path: '/off' }, flag: 'off' },
        ],
      },
    },
  });
});
afterAll(async () => {
  await sidecar.kill();
  await service.close();
  collector.close();
});

let traceId = '';
const parentId = 'b7ad6b7169203331';
beforeEach(() => {
  traceId = randomBytes(16).toString('hex');
});
const parent = (flags: string): string => `traceparent: 00-${traceId}-${parentId}-${flags}`;

/** What the service was told by the newest request for this path. */
function forwarded(path: string): { traceparent: string[]; field: (name: string) => string | null } {
  const head = service.seen(path).at(-1)!;
  return { traceparent: field(head, 'traceparent')!.split('-'), field: (name) => field(head, name) };
}

describe('a sampled request', () => {
  test('gives a server span below its caller and a client span below that, which the service sees as its parent', async () => {
    await ask(sidecar.inbound, get('/users/7?secret=1', parent('01')));
    const [server, client] = await collector.trace(traceId, 2);
    const [version, trace, span, flags] = forwarded('/users/7').traceparent;
    expect([version, trace, flags]).toEqual(['00', traceId, '01']);
    expect(server).toMatchObject({ kind: SERVER, parentSpanId: parentId, name: 'GET /users/:id', service: 'users' });
    expect(client).toMatchObject({ kind: CLIENT, parentSpanId: server!.spanId, spanId: span });
    expect(server!.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/users/:id',
      'url.path': '/users/7',
      'fusebox.route': 'user',
    });
    expect(BigInt(server!.startTimeUnixNano) <= BigInt(client!.startTimeUnixNano)).toBe(true);
    expect(BigInt(client!.endTimeUnixNano) <= BigInt(server!.endTimeUnixNano)).toBe(true);
    expect(JSON.stringify(collector.spans)).not.toContain('secret');
  });

  test('that is refused is traced, without a client span', async () => {
    expect(statusOf(await ask(sidecar.inbound, get('/off', parent('01'))))).toBe(404);
    // Another trace, so that whatever else there was of the first has come too.
    const marker = randomBytes(16).toString('hex');
    await ask(sidecar.inbound, get('/marker', `traceparent: 00-${marker}-${parentId}-01`));
    await collector.trace(marker, 2);
    const spans = await collector.trace(traceId, 1);
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ kind: SERVER, parentSpanId: parentId });
    expect(spans[0]!.attributes).toMatchObject({ 'fusebox.reason': 'flag-off', 'http.response.status_code': 404 });
    expect(spans[0]!.events).toMatchObject([
      { name: 'feature_flag.evaluation', attributes: { 'feature_flag.key': 'off' } },
      { name: 'fusebox.refused', attributes: { 'fusebox.reason': 'flag-off' } },
    ]);
  });

  test('that the service fails is an error on both spans', async () => {
    service.on('/fails', ({ socket }) => void socket.destroy());
    await ask(sidecar.inbound, post('/fails', 'x', parent('01')));
    const spans = await collector.trace(traceId, 2);
    for (const span of spans) {
      expect(span.status.code).toBe(ERROR);
      expect(span.attributes).toMatchObject({ 'error.type': 'upstream-reset', 'fusebox.reason': 'upstream-reset' });
    }
  });

  test('that is retried shows the retry', async () => {
    service.on('/retried', (connection) => {
      if (service.seen('/retried').length === 2) connection.socket.destroy();
      else connection.send(answer('200 OK', ''));
    });
    await ask(sidecar.inbound, get('/retried'));
    expect(statusOf(await ask(sidecar.inbound, get('/retried', parent('01'))))).toBe(200);
    const [server] = await collector.trace(traceId, 2);
    expect(server!.events.map(({ name }) => name)).toContain('retry');
  });
});

describe('an unsampled request', () => {
  test('gives no span, and goes on with a fresh span id', async () => {
    await ask(sidecar.inbound, get('/unsampled', parent('00')));
    const [version, trace, span, flags] = forwarded('/unsampled').traceparent;
    expect([version, trace, flags]).toEqual(['00', traceId, '00']);
    expect(span).toMatch(/^[0-9a-f]{16}$/);
    expect(span).not.toBe(parentId);
    await ask(sidecar.inbound, get('/unsampled', parent('00')));
    expect(forwarded('/unsampled').traceparent[2]).not.toBe(span);
    const marker = randomBytes(16).toString('hex');
    await ask(sidecar.inbound, get('/marker', `traceparent: 00-${marker}-${parentId}-01`));
    await collector.trace(marker, 2);
    expect(collector.spans.filter((each) => each.traceId === traceId)).toEqual([]);
  });
});

describe('trace context', () => {
  test('passes tracestate and baggage untouched, and keeps x-request-id', async () => {
    const lines = ['tracestate: a=1,b=2', 'baggage: user=7;meta', 'X-Request-Id: mine'];
    await ask(sidecar.inbound, get('/context', parent('00'), ...lines));
    const told = forwarded('/context');
    expect([told.field('tracestate'), told.field('baggage'), told.field('x-request-id')]).toEqual([
      'a=1,b=2',
      'user=7;meta',
      'mine',
    ]);
  });

  test.each([
    ['malformed', 'traceparent: 00-abc-def-01'],
    ['all zeros', `traceparent: 00-${'0'.repeat(32)}-${parentId}-01`],
    [
      'sent twice',
      `traceparent: 00-${'a'.repeat(32)}-${parentId}-01\r\ntraceparent: 00-${'b'.repeat(32)}-${parentId}-01`,
    ],
    ['of the forbidden version', `traceparent: ff-${'a'.repeat(32)}-${parentId}-01`],
  ])('that is %s starts a new trace, without the old tracestate, and is no error', async (_, line) => {
    expect(statusOf(await ask(sidecar.inbound, get('/new', line, 'tracestate: a=1')))).toBe(200);
    const told = forwarded('/new');
    expect(told.traceparent.join('-')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
    expect(told.traceparent[1]).not.toMatch(/^(a+|b+|0+)$/);
    expect(told.field('tracestate')).toBeNull();
  });

  test('of a future version is read as the present one', async () => {
    await ask(sidecar.inbound, get('/future', `traceparent: 01-${traceId}-${parentId}-00-more`));
    expect(forwarded('/future').traceparent.slice(0, 2)).toEqual(['00', traceId]);
  });
});

test('the sample ratio of new traces is edited live', async () => {
  const settings = { inbound: { routes: [] } };
  await sidecar.apply({ ...settings, sampleRatio: 1 });
  await ask(sidecar.inbound, get('/ratio'));
  const [, trace, , flags] = forwarded('/ratio').traceparent;
  expect(Number(flags) & 1).toBe(1);
  const [server] = await collector.trace(trace!, 2);
  expect(server!.parentSpanId ?? '').toBe('');
  await sidecar.apply({ ...settings, sampleRatio: 0 });
  await ask(sidecar.inbound, get('/ratio'));
  expect(Number(forwarded('/ratio').traceparent[3]) & 1).toBe(0);
});

test('spans of the last requests are sent before the end', async () => {
  await using ending = await startSidecar({
    upstream: service.port,
    flags: [`--otlp-endpoint=${collector.url}`, '--drain-delay=0s'],
  });
  await ask(ending.inbound, get('/last', parent('01')));
  ending.signal('SIGTERM');
  expect(await ending.exited).toBe(0);
  expect(await collector.trace(traceId, 2)).toHaveLength(2);
});

test('a collector that is away costs spans, never requests', async () => {
  await using alone = await startSidecar({ upstream: service.port, flags: ['--otlp-endpoint=http://127.0.0.1:1'] });
  for (let count = 0; count < 20; count++) {
    expect(statusOf(await ask(alone.inbound, get('/alone', parent('01'))))).toBe(200);
  }
});
