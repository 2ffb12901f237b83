/** Answers that do not come whole, each found by fuzzing (`make fuzz`). */
import { expect, test } from 'vitest';
import { Simulation } from './testing/simulate.ts';

test('a client that ends its direction during an answer is cut off: an answer that ends with its connection must not look whole', () => {
  const sim = new Simulation();
  sim.service.behave = () => ({ raw: 'HTTP/1.1 200 OK\r\n\r\nthe first half' });
  const client = sim.get('/');
  sim.advance(0);
  expect(client.received).toMatch(/the first half$/);
  client.end();
  sim.advance(0);
  expect(client.wasReset).toBe(true);
  expect(sim.accessLines.at(-1)).toMatchObject({ outcome: 'client-gone', status: 200 });
  expect([sim.inbound.active, sim.pool.open]).toEqual([0, 0]);
});

test('a request is not sent again once a byte of its answer has come, however the connection ends', () => {
  const sim = new Simulation();
  const client = sim.get('/first');
  sim.advance(0);
  sim.service.behave = () => ({ raw: 'H', cutAfter: 1 });
  client.get('/second');
  sim.advance(0);
  expect(sim.service.requests.map(({ target, connection }) => [target, connection])).toEqual([
    ['/first', 0],
    ['/second', 0],
  ]);
  expect(client.answer.headers['fusebox-reason']).toBe('upstream-reset');
});
