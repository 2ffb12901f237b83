/** Limits, circuits, gates and modes, as a client of the process sees them. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { held } from './support/held-path.ts';
import { field, problemOf, statusOf, type Head } from './support/message.ts';
import { ask, connect, get, post, type Peer } from './support/peer.ts';
import { answer, startService, wholeRequest, type ScriptedService } from './support/scripted-service.ts';
import type { Settings } from './support/settings.ts';
import { startSidecar, type SidecarProcess } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

let service: ScriptedService;
let sidecar: SidecarProcess;
beforeAll(async () => {
  service = await startService();
  sidecar = await startSidecar({ upstream: service.port, settings: {} });
});
afterAll(() => Promise.all([sidecar.kill(), service.close()]));

/** Names and paths are the test's own, so that no state is shared. */
let turn = 0;
let name = '';
let path = '';
beforeEach(() => {
  name = `route-${++turn}`;
  path = `/${name}`;
});

/** One route for `path`, with these settings. */
const apply = (route: object, more: Omit<Settings, 'inbound'> & { unmatched?: string } = {}): Promise<void> => {
  const { unmatched = 'Allow', ...rest } = more;
  return sidecar.apply({ ...rest, inbound: { unmatched, routes: [{ name, match: { pathPrefix: path }, ...route }] } });
};
const send = (): ReturnType<typeof ask> => ask(sidecar.inbound, get(path));
const reasonOf = (head: Head): string | null => field(head, 'fusebox-reason');
const wouldRefuse = (reason: string): Promise<number> =>
  sidecar.metric('fusebox_would_refuse_total', { route: name, reason });

interface CircuitView {
  route: string;
  state: string;
  lastReason: string | null;
  retryAfterSeconds?: number;
}
const circuit = async (): Promise<CircuitView> =>
  (await sidecar.json<CircuitView[]>('/circuits')).find(({ route }) => route === name)!;

/** The service answers requests for `path` with this status from now on. */
function answering(status: string): void {
  service.on(path, async (connection, head) => {
    await wholeRequest(connection, head);
    connection.send(answer(status, ''));
  });
}

describe('rate limit', () => {
  test('lets a burst through and refuses what is beyond, exactly in the form of every refusal', async () => {
    await apply({ rateLimit: { requestsPerSecond: 0.1, burst: 2 } });
    const pseudonym = field(await send(), 'via')!.split(' ')[1]!;
    expect(statusOf(await send())).toBe(200);
    const client = await connect(sidecar.inbound);
    client.send(get(path));
    const message = await client.message();
    expect(message.start).toBe('HTTP/1.1 429 Too Many Requests');
    const retryAfter = Number(field(message, 'retry-after'));
    expect(retryAfter).toBeGreaterThanOrEqual(9);
    expect(retryAfter).toBeLessThanOrEqual(12);
    const body =
      '{"type":"https://fusebox.dev/problems/rate-limit","title":"Too many requests in too short a time","status":429}';
    expect(message.lines).toEqual([
      'fusebox-reason: rate-limit',
      `Proxy-Status: ${pseudonym}; error=http_request_denied; details="rate-limit"`,
      'Content-Type: application/problem+json',
      `Content-Length: ${body.length}`,
      expect.stringMatching(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
      `Retry-After: ${retryAfter}`,
    ]);
    expect(message.body).toBe(body);
    // Its connection carries on.
    client.send(get('/elsewhere'));
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
    expect(service.seen(path)).toHaveLength(2);
    expect(await sidecar.metric('fusebox_refused_total', { route: name, reason: 'rate-limit' })).toBe(1);
  });

  test('a refused HEAD has no body, and a refused upload is not waited for', async () => {
    await apply({ rateLimit: { requestsPerSecond: 0.1, burst: 1 } });
    await send();
    const client = await connect(sidecar.inbound);
    client.send(get(path).replace('GET', 'HEAD') + post(path, 'x'.repeat(1000)) + get('/elsewhere'));
    expect(statusOf(await client.message(true))).toBe(429);
    expect(statusOf(await client.message())).toBe(429);
    expect(statusOf(await client.message())).toBe(200);
    client.socket.destroy();
  });

  test('per header value: one caller spends nobody else’s tokens', async () => {
    await apply({ rateLimit: { requestsPerSecond: 0.1, burst: 1, per: { header: 'x-api-key' } } });
    const by = (key: string): Promise<Head> => ask(sidecar.inbound, get(path, `X-API-Key: ${key}`));
    expect([await by('a'), await by('a'), await by('b')].map(statusOf)).toEqual([200, 429, 200]);
  });

  test('tokens come back with time', async () => {
    await apply({ rateLimit: { requestsPerSecond: 20, burst: 1 } });
    expect(statusOf(await send())).toBe(200);
    await until('a token', async () => statusOf(await send()) === 200);
  });
});

describe('circuit breaker', () => {
  const breaker = { failureThreshold: 3, resetTimeout: '300ms', resetJitter: 0, halfOpenAllowedRequests: 2 };

  test('opens after failures in a row, refuses at once, tries again and closes', async () => {
    await apply({ circuitBreaker: breaker });
    answering('500 Internal Server Error');
    for (let count = 0; count < 3; count++) expect(reasonOf(await send())).toBeNull();
    const refused = await send();
    expect(refused.start).toBe('HTTP/1.1 503 Service Unavailable');
    expect(reasonOf(refused)).toBe('circuit-open');
    expect(field(refused, 'retry-after')).toBe('1');
    expect(field(refused, 'proxy-status')).toMatch(/error=connection_limit_reached; details="circuit-open"$/);
    expect(await circuit()).toMatchObject({ state: 'Open', lastReason: 'consecutive-failures' });
    expect(await sidecar.metric('fusebox_circuit_state', { route: name, state: 'Open' })).toBe(1);
    expect(service.seen(path)).toHaveLength(3);

    answering('200 OK');
    await until('the first trial', async () => statusOf(await send()) === 200);
    expect(await circuit()).toMatchObject({ state: 'HalfOpen' });
    expect(statusOf(await send())).toBe(200);
    expect(await circuit()).toMatchObject({ state: 'Closed' });
  });

  test('lets only so many trials through at once; a failed one opens it again', async () => {
    await apply({ circuitBreaker: { ...breaker, failureThreshold: 1 } });
    answering('503 Service Unavailable');
    await send();
    const arrives = held(service, path);
    await until('the end of the wait', async () => (await circuit()).retryAfterSeconds === 0);
    const first = await connect(sidecar.inbound);
    first.send(get(path));
    await arrives();
    const second = await connect(sidecar.inbound);
    second.send(get(path));
    const trial = await arrives();
    expect(reasonOf(await send())).toBe('circuit-open');
    trial.send(answer('500 Internal Server Error', ''));
    await second.message();
    expect(await circuit()).toMatchObject({ state: 'Open', lastReason: 'trial-failed' });
    first.socket.destroy();
    second.socket.destroy();
  });

  test.each([
    ['dies', 'upstream-reset', ({ socket }: Peer) => void socket.destroy()],
    ['hangs', 'timeout', () => {}],
  ])('counts a service that %s', async (_, reason, script) => {
    await apply({ timeout: '50ms', circuitBreaker: { ...breaker, failureThreshold: 2 } });
    service.on(path, script);
    expect([await send(), await send(), await send()].map(reasonOf)).toEqual([reason, reason, 'circuit-open']);
  });

  test('forced Open refuses everything, forced Closed nothing, for as long as it stands there', async () => {
    await apply({ circuitBreaker: { ...breaker, forced: 'Open' } });
    expect(reasonOf(await send())).toBe('circuit-open');
    await apply({ circuitBreaker: { ...breaker, forced: 'Closed' } });
    answering('500 Internal Server Error');
    for (let count = 0; count < 5; count++) expect(reasonOf(await send())).toBeNull();
    answering('200 OK');
    await send();
    await apply({ circuitBreaker: breaker });
    expect(statusOf(await send())).toBe(200);
  });

  test('that opens flushes the queue', async () => {
    await apply({
      circuitBreaker: { ...breaker, failureThreshold: 1 },
      concurrency: { maxConcurrent: 1, queue: { size: 9, timeout: '20s' } },
    });
    const arrives = held(service, path);
    const clients = await Promise.all([1, 2, 3].map(() => connect(sidecar.inbound)));
    for (const [index, client] of clients.entries()) {
      client.send(get(path));
      await sidecar.metricIs('fusebox_queue_depth', { route: name }, index);
    }
    (await arrives()).send(answer('500 Internal Server Error', ''));
    const answers = await Promise.all(clients.map((client) => client.message()));
    expect(answers.map(reasonOf)).toEqual([null, 'circuit-open', 'circuit-open']);
    expect(service.seen(path)).toHaveLength(1);
    for (const { socket } of clients) socket.destroy();
  });
});

describe('concurrency', () => {
  test('so many at once, then a queue in order, then a refusal', async () => {
    await apply({ concurrency: { maxConcurrent: 2, queue: { size: 3, timeout: '20s' } } });
    const arrives = held(service, path);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect(sidecar.inbound)));
    for (const [index, client] of clients.entries()) {
      client.send(get(`${path}?${index}`));
      await sidecar.metricIs(
        index < 2 ? 'fusebox_in_flight' : 'fusebox_queue_depth',
        { route: name },
        index < 2 ? index + 1 : index - 1,
      );
    }
    const refused = await send();
    expect(refused.start).toBe('HTTP/1.1 503 Service Unavailable');
    expect(reasonOf(refused)).toBe('concurrency-limit');
    expect(field(refused, 'retry-after')).toMatch(/^[12]$/);
    for (let count = 0; count < 5; count++) {
      (await arrives()).send(answer('200 OK', ''));
    }
    expect((await Promise.all(clients.map((client) => client.message()))).map(statusOf)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect(service.seen(path).map(({ start }) => start.split(/[? ]/)[2])).toEqual(['0', '1', '2', '3', '4']);
    await sidecar.metricIs('fusebox_in_flight', { route: name }, 0);
    for (const { socket } of clients) socket.destroy();
  });

  test('a place is held until the last byte of the answer', async () => {
    await apply({ concurrency: { maxConcurrent: 1 } });
    service.on(path, (connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab'));
    const client = await connect(sidecar.inbound);
    client.send(get(path));
    await client.take('ab');
    expect(reasonOf(await send())).toBe('concurrency-limit');
    service.latest().send('cd');
    await client.take('cd');
    answering('200 OK');
    expect(statusOf(await send())).toBe(200);
    client.socket.destroy();
  });

  test('who waits too long is refused with queue-timeout', async () => {
    await apply({ concurrency: { maxConcurrent: 1, queue: { size: 1, timeout: '50ms' } } });
    const arrives = held(service, path);
    const first = await connect(sidecar.inbound);
    first.send(get(path));
    await arrives();
    const refused = await send();
    expect([statusOf(refused), reasonOf(refused)]).toEqual([503, 'queue-timeout']);
    first.socket.destroy();
  });

  test('the body of a request that waits is kept until its turn', async () => {
    await apply({ concurrency: { maxConcurrent: 1, queue: { size: 1, timeout: '20s' } } });
    const arrives = held(service, path);
    const [first, second] = [await connect(sidecar.inbound), await connect(sidecar.inbound)];
    first.send(get(path));
    const connection = await arrives();
    const body = 'x'.repeat(300_000);
    second.send(post(path, body));
    await sidecar.metricIs('fusebox_queue_depth', { route: name }, 1);
    service.on(path, async (served, head) => {
      const request = await wholeRequest(served, head);
      served.send(answer('200 OK', String(request.body === body)));
    });
    connection.send(answer('200 OK', ''));
    expect(await second.message()).toMatchObject({ body: 'true' });
    first.socket.destroy();
    second.socket.destroy();
  });
});

describe('gates, routes and modes', () => {
  test('a flag switches its route, live; an unknown flag is off', async () => {
    await apply({ flag: 'enable_it' }, { flags: { enable_it: true } });
    expect(statusOf(await send())).toBe(200);
    await apply({ flag: 'enable_it' }, { flags: { enable_it: false } });
    const refused = await send();
    expect(refused.start).toBe('HTTP/1.1 404 Not Found');
    expect(reasonOf(refused)).toBe('flag-off');
    expect(field(refused, 'retry-after')).toBeNull();
    await apply({ flag: 'enable_it' });
    expect(reasonOf(await send())).toBe('flag-off');
  });

  test('unmatched: Refuse answers 404 no-route to what no route takes', async () => {
    await apply({}, { unmatched: 'Refuse' });
    expect(statusOf(await send())).toBe(200);
    const refused = await ask(sidecar.inbound, get('/unknown'));
    expect([statusOf(refused), reasonOf(refused)]).toEqual([404, 'no-route']);
    expect(problemOf(refused)).toMatchObject({ status: 404, type: 'https://fusebox.dev/problems/no-route' });
    expect(service.seen('/unknown')).toEqual([]);
  });

  test('Shadow counts what it would have refused, and refuses nothing', async () => {
    const route = {
      flag: 'missing',
      timeout: '20ms',
      rateLimit: { requestsPerSecond: 0.1, burst: 1 },
      concurrency: { maxConcurrent: 1 },
      circuitBreaker: { failureThreshold: 2, resetTimeout: '60s' },
    };
    await apply(route, { mode: 'Shadow', unmatched: 'Refuse' });
    answering('500 Internal Server Error');
    for (let count = 0; count < 4; count++) expect((await send()).start).toBe('HTTP/1.1 500 Internal Server Error');
    expect(await wouldRefuse('flag-off')).toBe(4);
    expect(await wouldRefuse('rate-limit')).toBe(3);
    expect(await wouldRefuse('circuit-open')).toBe(2);
    expect(statusOf(await ask(sidecar.inbound, get('/unknown')))).toBe(200);
    expect(await sidecar.metric('fusebox_would_refuse_total', { reason: 'no-route' })).toBe(1);

    const arrives = held(service, path);
    const first = await connect(sidecar.inbound);
    first.send(get(path));
    const connection = await arrives();
    const second = await connect(sidecar.inbound);
    second.send(get(path));
    (await arrives()).send(answer('200 OK', ''));
    expect(statusOf(await second.message())).toBe(200);
    expect(await wouldRefuse('concurrency-limit')).toBe(1);
    await pause(40); // longer than `timeout`
    connection.send(answer('200 OK', ''));
    expect(statusOf(await first.message())).toBe(200);
    expect(await wouldRefuse('timeout')).toBeGreaterThanOrEqual(1);
    expect(await sidecar.metric('fusebox_refused_total', { route: name })).toBe(0);
    first.socket.destroy();
    second.socket.destroy();
  });

  test('without any settings nothing is refused, whatever the service does', async () => {
    await using bare = await startSidecar({ upstream: service.port });
    answering('500 Internal Server Error');
    for (let count = 0; count < 30; count++) expect(reasonOf(await ask(bare.inbound, get(path)))).toBeNull();
    expect(await bare.metric('fusebox_would_refuse_total', { reason: 'circuit-open' })).toBeGreaterThan(0);
    expect(await bare.metric('fusebox_refused_total')).toBe(0);
  });
});
