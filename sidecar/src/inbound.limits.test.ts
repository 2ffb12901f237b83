import { describe, expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

const limited = (concurrency: string): string => policy(`{defaults: {timeout: 10m, concurrency: ${concurrency}}}`);

describe('concurrency in the whole proxy', () => {
  test('so many are in flight, so many wait in their order, the rest is refused', () => {
    const sim = new Simulation(limited('{maxConcurrent: 2, queue: {size: 2, timeout: 1s}}'));
    sim.service.behave = () => ({ afterMs: 100 });
    const clients = ['/1', '/2', '/3', '/4', '/5'].map((target) => sim.get(target));
    expect(clients[4]!.answer.headers).toMatchObject({ 'fusebox-reason': 'concurrency-limit', 'retry-after': '1' });
    sim.advance(100);
    expect(sim.service.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3', '/4']);
    sim.advance(100);
    expect(clients.map((client) => client.answer.status)).toEqual([200, 200, 200, 200, 503]);
    expect(sim.service.mostAtOnce).toBe(2);
  });

  test('who waited queue.timeout is refused, in time and not before', () => {
    const sim = new Simulation(limited('{maxConcurrent: 1, queue: {size: 5, timeout: 1s}}'));
    sim.service.behave = () => ({ act: 'hang' });
    sim.get('/1');
    sim.advance(300);
    const waiting = sim.get('/2');
    sim.advance(999);
    expect(waiting.answers).toHaveLength(0);
    sim.advance(11);
    expect(waiting.answer.headers['fusebox-reason']).toBe('queue-timeout');
  });

  test('a waiting request whose client has gone leaves the queue at once', () => {
    const sim = new Simulation(limited('{maxConcurrent: 1, queue: {size: 1, timeout: 10s}}'));
    sim.service.behave = () => ({ afterMs: 100 });
    sim.get('/1');
    const gone = sim.get('/2');
    gone.leave();
    const next = sim.get('/3');
    sim.advance(200);
    expect(next.answer.status).toBe(200);
    expect(sim.service.requests.map(({ target }) => target)).toEqual(['/1', '/3']);
  });

  test('a place is held until the last byte of the answer was taken by its client', () => {
    const sim = new Simulation(limited('{maxConcurrent: 1, queue: {size: 1, timeout: 10s}}'));
    sim.service.behave = ({ target }) => ({ body: target === '/large' ? 'x'.repeat(100_000) : 'small' });
    const slow = sim.client();
    slow.stopReading();
    slow.get('/large');
    sim.advance(0);
    const next = sim.get('/next');
    sim.advance(1_000);
    expect(sim.route('_defaults').limiter).toMatchObject({ inFlight: 1, queued: 1 });
    slow.readAgain();
    sim.advance(0);
    expect(slow.answer.body).toHaveLength(100_000);
    expect(next.answer.body).toBe('small');
  });

  test('a higher limit lets those in who wait; a lower one evicts nobody', () => {
    const sim = new Simulation(limited('{maxConcurrent: 1, queue: {size: 10, timeout: 10s}}'));
    sim.service.behave = () => ({ afterMs: 1_000 });
    const clients = ['/1', '/2', '/3', '/4'].map((target) => sim.get(target));
    sim.edit(limited('{maxConcurrent: 3, queue: {size: 10, timeout: 10s}}'));
    sim.advance(0);
    expect(sim.service.working).toBe(3);
    sim.edit(limited('{maxConcurrent: 1, queue: {size: 10, timeout: 10s}}'));
    expect(sim.service.working).toBe(3);
    sim.advance(1_000);
    expect(sim.service.working).toBe(1);
    sim.advance(1_000);
    expect(clients.map((client) => client.answer.status)).toEqual([200, 200, 200, 200]);
  });

  test('a shorter queue.timeout holds at once for those who wait already', () => {
    const sim = new Simulation(limited('{maxConcurrent: 1, queue: {size: 1, timeout: 10m}}'));
    sim.service.behave = () => ({ act: 'hang' });
    sim.get('/1');
    const waiting = sim.get('/2');
    sim.advance(5_000);
    sim.edit(limited('{maxConcurrent: 1, queue: {size: 1, timeout: 1s}}'));
    sim.settle();
    expect(waiting.answer.headers['fusebox-reason']).toBe('queue-timeout');
  });

  test('an edit that removes the limit lets everybody in', () => {
    const sim = new Simulation(limited('{maxConcurrent: 1, queue: {size: 10, timeout: 10s}}'));
    sim.service.behave = () => ({ afterMs: 100 });
    const clients = ['/1', '/2', '/3'].map((target) => sim.get(target));
    sim.edit(policy('{defaults: {timeout: 10m}}'));
    sim.advance(100);
    expect(clients.map((client) => client.answer.status)).toEqual([200, 200, 200]);
  });

  test('Shadow refuses nobody and counts what Enforce would', () => {
    const sim = new Simulation(limited('{mode: Shadow, maxConcurrent: 1}'));
    sim.service.behave = () => ({ afterMs: 100 });
    const clients = ['/1', '/2', '/3'].map((target) => sim.get(target));
    sim.advance(100);
    expect(clients.map((client) => client.answer.status)).toEqual([200, 200, 200]);
    expect(
      sim.metric('fusebox_would_refuse_total{direction="inbound",route="_defaults",reason="concurrency-limit"}'),
    ).toBe(2);
  });
});

describe('the rate limit in the whole proxy', () => {
  test('a burst passes, then the rate; Retry-After tells the real wait', () => {
    const sim = new Simulation(policy('{defaults: {rateLimit: {requestsPerSecond: 0.5, burst: 2}}}'));
    const status = (): number => {
      const client = sim.get('/a');
      sim.advance(0);
      return client.answer.status;
    };
    expect([status(), status(), status()]).toEqual([200, 200, 429]);
    expect(sim.get('/a').answer.headers).toMatchObject({ 'retry-after': '2', 'fusebox-reason': 'rate-limit' });
    sim.advance(2_000);
    expect([status(), status()]).toEqual([200, 429]);
  });

  test('each header value, and each client address, has a bucket of its own', () => {
    const sim = new Simulation(
      policy(
        '{routes: [{name: key, match: {path: /key}, rateLimit: {requestsPerSecond: 1, burst: 1, per: {header: x-api-key}}},' +
          ' {name: address, match: {path: /address}, rateLimit: {requestsPerSecond: 1, burst: 1, per: {clientAddress: true}}}]}',
      ),
    );
    const keyed = (key: string): number => {
      const client = sim.get('/key', { 'X-Api-Key': key });
      sim.advance(0);
      return client.answer.status;
    };
    expect([keyed('a'), keyed('b'), keyed('a')]).toEqual([200, 200, 429]);
    const from = (address: string): number => {
      const client = sim.client(address);
      client.get('/address');
      sim.advance(0);
      return client.answer.status;
    };
    expect([from('192.0.2.1'), from('192.0.2.2'), from('192.0.2.1')]).toEqual([200, 200, 429]);
  });

  test('a lower burst clamps a full bucket', () => {
    const rated = (burst: number): string => policy(`{defaults: {rateLimit: {requestsPerSecond: 1, burst: ${burst}}}}`);
    const sim = new Simulation(rated(100));
    sim.get('/a');
    sim.edit(rated(2));
    const clients = Array.from({ length: 4 }, () => sim.get('/a'));
    sim.advance(0);
    expect(clients.map((client) => client.answer.status)).toEqual([200, 200, 429, 429]);
  });
});

describe('routes, gates and modes in the whole proxy', () => {
  test('a flag that is off hides its route; switched on, it is there', () => {
    const routes = policy('{routes: [{name: profiles, match: {pathPrefix: /api/profiles}, flag: enable_profiles}]}');
    const flags = (on: boolean): string =>
      `${routes}\n---\n{apiVersion: fusebox.dev/v1alpha1, kind: FeatureFlagSet, metadata: {name: test}, spec: {flags: {enable_profiles: ${on}}}}`;
    const sim = new Simulation(flags(false));
    expect(sim.get('/api/profiles/1').answer).toMatchObject({ status: 404, headers: { 'fusebox-reason': 'flag-off' } });
    sim.edit(flags(true));
    const passed = sim.get('/api/profiles/1');
    sim.advance(0);
    expect(passed.answer.status).toBe(200);
  });

  test('unmatched: Refuse makes what no route matches a 404', () => {
    const sim = new Simulation(policy('{unmatched: Refuse, routes: [{name: users, match: {pathPrefix: /users}}]}'));
    expect(sim.get('/other').answer.headers['fusebox-reason']).toBe('no-route');
    const found = sim.get('/users/1');
    sim.advance(0);
    expect(found.answer.status).toBe(200);
  });

  test('without any policy nothing is refused, whatever the service does', () => {
    const sim = new Simulation();
    sim.service.behave = () => ({ status: 500 });
    const clients = Array.from({ length: 100 }, () => sim.get('/a'));
    sim.advance(0);
    expect(new Set(clients.map((client) => client.answer.headers['fusebox-reason']))).toEqual(new Set([undefined]));
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
  });

  test('a route that was removed drains under its old settings, and then is gone from the metrics', () => {
    const sim = new Simulation(
      policy(
        '{routes: [{name: old, match: {path: /old}, concurrency: {maxConcurrent: 1, queue: {size: 5, timeout: 10s}}}]}',
      ),
    );
    sim.service.behave = () => ({ afterMs: 100 });
    const clients = [sim.get('/old'), sim.get('/old')];
    sim.edit(policy('{routes: []}'));
    expect(sim.service.working).toBe(1);
    sim.advance(200);
    expect(clients.map((client) => client.answer.status)).toEqual([200, 200]);
    expect(sim.inbound.routes.all().map(({ name }) => name)).toEqual(['_defaults']);
    expect(sim.registry.render()).not.toContain('route="old"');
  });
});
