import { expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

const PROBE = { 'user-agent': 'kube-probe/1.34' };
const OPEN =
  '{unmatched: Refuse, defaults: {timeout: 1s, circuitBreaker: {forced: Open}, rateLimit: {requestsPerSecond: 1}}}';
const NARROW = '{defaults: {timeout: 1s, concurrency: {maxConcurrent: 1}, circuitBreaker: {failureThreshold: 1}}}';

function statusOf(sim: Simulation, target: string, headers: Record<string, string> = {}): number {
  const client = sim.get(target, headers);
  sim.advance(0);
  return client.answer.status;
}

test('the kubelet reaches a service whose circuit is open, and nobody else does', () => {
  const sim = new Simulation(policy(OPEN), ['/live']);
  expect(statusOf(sim, '/live', PROBE)).toBe(200);
  expect(statusOf(sim, '/live', PROBE)).toBe(200);
  expect(statusOf(sim, '/live')).toBe(404);
  expect(statusOf(sim, '/users', PROBE)).toBe(404);
  expect(sim.service.requests.map(({ target }) => target)).toEqual(['/live', '/live']);
});

test('what becomes of a probe opens no circuit, takes no place and waits as long as the kubelet does', () => {
  const sim = new Simulation(policy(NARROW), ['/live']);
  sim.service.behave = ({ target }) => (target === '/live' ? { act: 'hang' } : {});
  const hanging = sim.get('/live', PROBE);
  sim.advance(5_000);
  expect(hanging.answers).toHaveLength(0);
  expect(statusOf(sim, '/users')).toBe(200);
  hanging.leave();
  sim.service.behave = ({ target }) => ({ status: target === '/live' ? 500 : 200 });
  expect(statusOf(sim, '/live', PROBE)).toBe(500);
  expect(statusOf(sim, '/users')).toBe(200);
  expect(sim.route('_defaults').circuit.state.kind).toBe('closed');
});

test('an edit of the settings changes nothing for probes', () => {
  const sim = new Simulation(policy('{}'), ['/live']);
  expect(statusOf(sim, '/live', PROBE)).toBe(200);
  sim.edit(policy(OPEN));
  expect(statusOf(sim, '/live', PROBE)).toBe(200);
});
