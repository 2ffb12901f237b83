import { describe, expect, test } from 'vitest';
import { policy, Simulation } from './testing/simulate.ts';

const breaker = (fields: string): string => policy(`{defaults: {circuitBreaker: {${fields}}}}`);

function failing(sim: Simulation, calls: number): void {
  sim.service.behave = () => ({ status: 500 });
  for (let call = 0; call < calls; call++) {
    sim.get('/a');
    sim.advance(0);
  }
}

describe('live edits', () => {
  test('a shorter resetTimeout holds at once for a circuit that is open', () => {
    const sim = new Simulation(breaker('failureThreshold: 1, resetTimeout: 50s'));
    failing(sim, 1);
    sim.advance(3_000);
    expect(sim.get('/a').answer.status).toBe(503);
    sim.edit(breaker('failureThreshold: 1, resetTimeout: 2s'));
    sim.service.behave = () => ({});
    const trial = sim.get('/a');
    sim.advance(0);
    expect(trial.answer.status).toBe(200);
  });

  test('an edit by itself opens nothing; the next call judges', () => {
    const sim = new Simulation(breaker('failureThreshold: 10'));
    failing(sim, 4);
    sim.edit(breaker('failureThreshold: 3'));
    expect(sim.route('_defaults').circuit.state).toMatchObject({ kind: 'closed', failuresInRow: 4 });
    failing(sim, 1);
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
  });

  test('state, window and era survive an edit of anything else', () => {
    const sim = new Simulation(breaker('failureThreshold: 2'));
    failing(sim, 2);
    const { state } = sim.route('_defaults').circuit;
    sim.edit(policy('{defaults: {timeout: 1s, circuitBreaker: {failureThreshold: 2}}}'));
    expect(sim.route('_defaults').circuit.state).toBe(state);
    expect(sim.route('_defaults').circuit.window.calls).toBe(2);
  });

  test('a circuit follows the name of its route, whatever becomes of its match and its place', () => {
    const routes = (list: string): string => policy(`{routes: [${list}]}`);
    const sim = new Simulation(
      routes('{name: user, match: {path: /users/:id}, circuitBreaker: {failureThreshold: 1}}'),
    );
    sim.service.behave = () => ({ status: 500 });
    sim.get('/users/1');
    sim.advance(0);
    sim.edit(
      routes(
        '{name: first, match: {path: /a}}, {name: user, match: {pathPrefix: /people}, circuitBreaker: {failureThreshold: 1}}',
      ),
    );
    expect(sim.get('/people/1').answer.headers['fusebox-reason']).toBe('circuit-open');
    sim.service.behave = () => ({});
    const other = sim.get('/users/1');
    sim.advance(0);
    expect(other.answer.status).toBe(200);
  });

  test('a request in flight finishes, and is judged by the settings of its end', () => {
    const sim = new Simulation(breaker('failureThreshold: 1'));
    sim.service.behave = () => ({ afterMs: 100, status: 429 });
    const client = sim.get('/a');
    sim.edit(breaker('failureThreshold: 1, failOn: ["429"]'));
    sim.advance(100);
    expect(client.answer.status).toBe(429);
    expect(sim.route('_defaults').circuit.state.kind).toBe('open');
  });

  test('the sampling of new traces follows the settings', () => {
    const ratio = (share: number): string => policy('{}', `, tracing: {sampleRatio: ${share}}`);
    const sim = new Simulation(ratio(0));
    sim.get('/a');
    sim.advance(0);
    expect(sim.spans).toHaveLength(0);
    sim.edit(ratio(1));
    sim.get('/a');
    sim.advance(0);
    expect(sim.spans).toHaveLength(2);
  });
});
