import { describe, expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const lineOf = (sim: Simulation, name: string): string | undefined =>
  sim.service.requests.at(-1)!.lines.find((line) => line.toLowerCase().startsWith(`${name}:`));

describe('trace context in the whole proxy', () => {
  test('a valid parent is continued with a fresh span id', () => {
    const sim = new Simulation();
    sim.get('/a', { traceparent: PARENT, tracestate: 'vendor=value', baggage: 'user=1' });
    sim.advance(0);
    const sent = lineOf(sim, 'traceparent')!;
    expect(sent).toMatch(/^traceparent: 00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(sent).not.toContain('b7ad6b7169203331');
    expect(lineOf(sim, 'tracestate')).toBe('tracestate: vendor=value');
    expect(lineOf(sim, 'baggage')).toBe('baggage: user=1');
  });

  test('an invalid parent starts a new trace, drops tracestate, and is no error', () => {
    const sim = new Simulation();
    const client = sim.get('/a', { traceparent: '00-xyz-1-01', tracestate: 'vendor=value' });
    sim.advance(0);
    expect(client.answer.status).toBe(200);
    expect(lineOf(sim, 'traceparent')).toMatch(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-02$/);
    expect(lineOf(sim, 'tracestate')).toBeUndefined();
  });

  test('several tracestate lines become one', () => {
    const sim = new Simulation();
    sim
      .client()
      .send(`GET / HTTP/1.1\r\nHost: s\r\ntraceparent: ${PARENT}\r\ntracestate: a=1\r\nTracestate: b=2\r\n\r\n`);
    sim.advance(0);
    expect(sim.service.requests[0]!.lines.filter((line) => /^tracestate/i.test(line))).toEqual(['tracestate: a=1,b=2']);
  });

  test('x-request-id is kept, or is the trace id', () => {
    const sim = new Simulation();
    sim.get('/a', { 'X-Request-Id': 'mine' });
    sim.advance(0);
    expect(sim.service.requests[0]!.lines).toContain('X-Request-Id: mine');
    sim.get('/a', { traceparent: PARENT });
    sim.advance(0);
    expect(lineOf(sim, 'x-request-id')).toBe('x-request-id: 0af7651916cd43dd8448eb211c80319c');
  });

  test('a sampled request gives a server span and, inside it, the client span that the service sees', () => {
    const sim = new Simulation(policy('{routes: [{name: user, match: {path: /users/:id}}]}'));
    sim.service.behave = () => ({ afterMs: 20 });
    sim.get('/users/7?secret=1', { traceparent: PARENT });
    sim.advance(20);
    const [server, client] = sim.spans;
    expect(server).toMatchObject({
      kind: 'server',
      name: 'GET /users/:id',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      error: null,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/users/:id',
        'http.response.status_code': 200,
        'url.path': '/users/7',
        'client.address': '192.0.2.1',
      },
    });
    expect(server!.endWallMs - server!.startWallMs).toBe(20);
    expect(client).toMatchObject({ kind: 'client', parentSpanId: server!.spanId });
    expect(lineOf(sim, 'traceparent')).toContain(client!.spanId);
  });

  test('a refusal is traced, with its reason', () => {
    const sim = new Simulation(policy('{unmatched: Refuse}'));
    sim.get('/a', { traceparent: PARENT });
    expect(sim.spans).toHaveLength(1);
    expect(sim.spans[0]).toMatchObject({
      error: 'no-route',
      attributes: { 'fusebox.reason': 'no-route', 'error.type': 'no-route', 'http.response.status_code': 404 },
      events: [{ name: 'fusebox.refused' }],
    });
  });

  test('an unsampled request makes no span', () => {
    const sim = new Simulation();
    sim.get('/a', { traceparent: PARENT.replace(/01$/, '00') });
    sim.advance(0);
    expect(sim.spans).toEqual([]);
  });

  test('the wait in the queue is an event of the server span', () => {
    const sim = new Simulation(policy('{defaults: {concurrency: {maxConcurrent: 1, queue: {size: 1}}}}'));
    sim.service.behave = () => ({ afterMs: 100 });
    sim.get('/a');
    sim.get('/b', { traceparent: PARENT });
    sim.advance(200);
    expect(sim.spans[0]!.events.map(({ name }) => name)).toEqual(['fusebox.queued']);
  });

  test('b3 is read where no traceparent came, and goes out as it came in', () => {
    const sim = new Simulation();
    const [traceId, spanId] = ['80f198ee56343ba864fe8b2a57d3eff7', 'e457b5a2e4d86bd1'];
    sim.get('/a', { b3: `${traceId}-${spanId}-1` });
    sim.advance(0);
    expect(lineOf(sim, 'traceparent')).toContain(traceId);
    expect(lineOf(sim, 'b3')).toMatch(new RegExp(`^b3: ${traceId}-[0-9a-f]{16}-1$`));
    expect(lineOf(sim, 'b3')).not.toContain(spanId);
    expect(sim.spans[0]).toMatchObject({ traceId, parentSpanId: spanId });
    sim.get('/a', { 'X-B3-TraceId': traceId, 'X-B3-SpanId': spanId, 'X-B3-Sampled': '0' });
    sim.advance(0);
    expect(lineOf(sim, 'traceparent')).toMatch(new RegExp(`${traceId}-[0-9a-f]{16}-00$`));
    expect(lineOf(sim, 'x-b3-sampled')).toBe('X-B3-Sampled: 0');
    expect(lineOf(sim, 'x-b3-spanid')).not.toContain(spanId);
  });

  test('traceparent goes before b3', () => {
    const sim = new Simulation();
    sim.get('/a', { traceparent: PARENT, b3: '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0' });
    sim.advance(0);
    expect(lineOf(sim, 'b3')).toMatch(/^b3: 0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-1$/);
  });
});
