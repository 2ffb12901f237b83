import { describe, expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

const strict = policy('{defaults: {circuitBreaker: {failureThreshold: 3, resetTimeout: 5s, resetJitter: 0}}}');

function openCircuit(sim: Simulation, times = 3): void {
  sim.service.behave = () => ({ status: 500 });
  for (let call = 0; call < times; call++) sim.get('/a');
  sim.settle();
  sim.advance(0);
}

describe('the circuit in the whole proxy', () => {
  test('three failures in a row open it, and the next request is refused without being sent', () => {
    const sim = new Simulation(strict);
    openCircuit(sim);
    const refused = sim.get('/a');
    expect(refused.answer.status).toBe(503);
    expect(refused.answer.headers).toMatchObject({
      'fusebox-reason': 'circuit-open',
      'retry-after': '5',
      'content-type': 'application/problem+json',
      'proxy-status': 'fusebox-sim; error=connection_limit_reached; details="circuit-open"',
    });
    expect(JSON.parse(refused.answer.body)).toMatchObject({
      type: 'https://fusebox.dev/problems/circuit-open',
      status: 503,
    });
    expect(sim.service.requests).toHaveLength(3);
    expect(sim.metric('fusebox_circuit_state{direction="inbound",route="_defaults",state="Open"}')).toBe(1);
    expect(sim.metric('fusebox_refused_total{direction="inbound",route="_defaults",reason="circuit-open"}')).toBe(1);
  });

  test('after the wait three trials pass at once, a fourth is refused, and three successes close it', () => {
    const sim = new Simulation(strict);
    openCircuit(sim);
    sim.advance(5_000);
    sim.service.behave = () => ({ afterMs: 100 });
    const trials = [sim.get('/a'), sim.get('/a'), sim.get('/a')];
    expect(sim.get('/a').answer.headers['fusebox-reason']).toBe('circuit-open');
    expect(sim.route('_defaults').circuit.state.kind).toBe('halfOpen');
    sim.advance(100);
    expect(trials.map((trial) => trial.answer.status)).toEqual([200, 200, 200]);
    expect(sim.route('_defaults').circuit.state.kind).toBe('closed');
  });

  test('a trial that fails opens it again, for twice as long', () => {
    const sim = new Simulation(strict);
    openCircuit(sim);
    sim.advance(5_000);
    openCircuit(sim, 1);
    expect(sim.route('_defaults').circuit.state).toMatchObject({ kind: 'open', failedTrials: 1 });
    sim.advance(9_999);
    expect(sim.get('/a').answer.status).toBe(503);
    sim.advance(1);
    sim.service.behave = () => ({});
    const trial = sim.get('/a');
    sim.advance(0);
    expect(trial.answer.status).toBe(200);
  });

  test('a trial that never ends frees its place and counts as a failure', () => {
    const settings = policy(
      '{defaults: {timeout: 10m, circuitBreaker: {failureThreshold: 3, resetTimeout: 5s, maxHalfOpenDuration: 30s, halfOpenAllowedRequests: 1}}}',
    );
    const sim = new Simulation(settings);
    openCircuit(sim);
    sim.advance(5_000);
    sim.service.behave = () => ({ act: 'hang' });
    sim.get('/a');
    sim.advance(29_999);
    expect(sim.get('/a').answer.status).toBe(503);
    expect(sim.route('_defaults').circuit.state.kind).toBe('halfOpen');
    sim.advance(1);
    sim.get('/a');
    expect(sim.route('_defaults').circuit.state).toMatchObject({ kind: 'open', failedTrials: 1 });
    expect(sim.route('_defaults').circuit.lastReason).toBe('trial-overdue');
  });

  test('a straggler of the era before changes nothing', () => {
    const sim = new Simulation(strict);
    sim.service.behave = ({ target }) => (target === '/slow' ? { afterMs: 6_000, status: 500 } : { status: 500 });
    sim.get('/slow');
    openCircuit(sim);
    const opened = sim.route('_defaults').circuit.state;
    sim.advance(5_999);
    expect(sim.route('_defaults').circuit.state).toBe(opened);
    sim.advance(1);
    expect(sim.route('_defaults').circuit.state).toBe(opened);
  });

  test.each([
    ['a refused connection', (sim: Simulation) => (sim.service.refusing = true), 'upstream-connect'],
    ['a reset', (sim: Simulation) => (sim.service.behave = () => ({ act: 'reset' })), 'upstream-reset'],
    [
      'an answer that is not HTTP',
      (sim: Simulation) => (sim.service.behave = () => ({ raw: 'HELLO\r\n\r\n' })),
      'upstream-protocol',
    ],
    ['a timeout', (sim: Simulation) => (sim.service.behave = () => ({ act: 'hang' })), 'timeout'],
  ])('%s counts as a failure', (_what, break_, reason) => {
    const sim = new Simulation(strict);
    break_(sim);
    const clients = [sim.get('/a'), sim.get('/a'), sim.get('/a')];
    sim.advance(15_100);
    expect(clients.map((client) => client.answer.headers['fusebox-reason'])).toEqual([reason, reason, reason]);
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
  });

  test('a client that leaves after abandonedAfter counts as a timeout; sooner, neither way', () => {
    const sim = new Simulation(strict);
    sim.service.behave = () => ({ act: 'hang' });
    const impatient = Array.from({ length: 5 }, () => sim.get('/a'));
    sim.advance(2_999);
    for (const client of impatient) client.leave();
    expect(sim.route('_defaults').circuit).toMatchObject({
      state: { kind: 'closed', failuresInRow: 0 },
      window: { calls: 0 },
    });
    const patient = Array.from({ length: 3 }, () => sim.get('/a'));
    sim.advance(3_000);
    for (const client of patient) client.leave();
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
  });

  test('what the sidecar refuses itself never counts', () => {
    const sim = new Simulation(
      policy('{defaults: {circuitBreaker: {failureThreshold: 1}, rateLimit: {requestsPerSecond: 1, burst: 1}}}'),
    );
    sim.get('/a');
    for (let call = 0; call < 10; call++) expect(sim.get('/a').answer.status).toBe(429);
    expect(sim.route('_defaults').circuit.state.kind).toBe('closed');
  });

  test('slow calls open it by their share, and a slow trial fails', () => {
    const sim = new Simulation(
      policy(
        '{defaults: {circuitBreaker: {slowCallDurationThreshold: 1s, slowCallRateThreshold: 50, minimumNumberOfCalls: 4, resetTimeout: 5s}}}',
      ),
    );
    let calls = 0;
    sim.service.behave = () => ({ afterMs: calls++ % 2 === 0 ? 1_001 : 1_000 });
    for (let call = 0; call < 4; call++) {
      sim.get('/a');
      sim.advance(1_100);
    }
    expect(sim.route('_defaults').circuit).toMatchObject({ state: { kind: 'open' }, lastReason: 'slow-call-rate' });
    sim.advance(5_000);
    sim.service.behave = () => ({ afterMs: 1_001 });
    sim.get('/a');
    sim.advance(1_001);
    expect(sim.route('_defaults').circuit).toMatchObject({ state: { kind: 'open' }, lastReason: 'trial-failed' });
  });

  test('forced Open refuses all, forced Closed none; by hand, for as long as it stands', () => {
    const forced = (how: string): string =>
      policy(`{defaults: {circuitBreaker: {forced: ${how}, failureThreshold: 1}}}`);
    const sim = new Simulation(forced('Open'));
    expect(sim.get('/a').answer.headers['fusebox-reason']).toBe('circuit-open');
    sim.edit(forced('Closed'));
    openCircuit(sim, 5);
    const passed = sim.get('/a');
    sim.advance(0);
    expect(passed.answer.status).toBe(500);
    expect(sim.service.requests).toHaveLength(6);
  });

  test('Shadow refuses nothing, counts what it would, and starts afresh when it is enforced', () => {
    const shadow = policy('{defaults: {circuitBreaker: {mode: Shadow, failureThreshold: 3}}}');
    const sim = new Simulation(shadow);
    openCircuit(sim);
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
    const passed = sim.get('/a');
    sim.advance(0);
    expect(passed.answer.status).toBe(500);
    expect(sim.metric('fusebox_would_refuse_total{direction="inbound",route="_defaults",reason="circuit-open"}')).toBe(
      1,
    );
    sim.edit(strict);
    expect(sim.route('_defaults').circuit).toMatchObject({
      state: { kind: 'closed', failuresInRow: 0 },
      window: { calls: 0 },
    });
  });

  test('the opening circuit refuses all who wait in the queue', () => {
    const sim = new Simulation(
      policy(
        '{defaults: {circuitBreaker: {failureThreshold: 1}, concurrency: {maxConcurrent: 1, queue: {size: 2000, timeout: 10s}}}}',
      ),
    );
    sim.service.behave = () => ({ afterMs: 50, status: 500 });
    const first = sim.get('/a');
    const waiting = Array.from({ length: 2_000 }, () => sim.get('/a'));
    sim.advance(50);
    expect(first.answer.status).toBe(500);
    expect(new Set(waiting.map((client) => client.answer.headers['fusebox-reason']))).toEqual(
      new Set(['circuit-open']),
    );
    expect(sim.service.requests).toHaveLength(1);
    expect(sim.route('_defaults').limiter).toMatchObject({ inFlight: 0, queued: 0 });
  });
});
