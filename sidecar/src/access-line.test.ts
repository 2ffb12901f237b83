import { expect, test } from 'vitest';
import { wantsLine } from './access-line.ts';
import type { Exchange } from './exchange.ts';
import { refusals } from './refusals.ts';
import { policy, Simulation } from './testing/simulate.ts';

test('a line tells what happened, and no secret', () => {
  const sim = new Simulation(policy('{routes: [{name: user, match: {path: /users/:id}}]}'));
  sim.service.behave = () => ({ afterMs: 20, body: 'hello' });
  sim.get('/users/7?token=hunter2&flag&x=', {
    Authorization: 'Bearer hunter2',
    Cookie: 'session=hunter2',
    'User-Agent': 'test',
    'X-Request-Id': 'r1',
  });
  sim.advance(20);
  expect(sim.accessLines).toEqual([
    {
      route: 'user',
      method: 'GET',
      path: '/users/7',
      query: 'token=…&…&x=…',
      status: 200,
      outcome: 'answered',
      reason: null,
      detail: null,
      durationMs: 20,
      upstreamMs: 20,
      bytesIn: 0,
      bytesOut: 5,
      client: '192.0.2.1',
      userAgent: 'test',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      requestId: 'r1',
    },
  ]);
  expect(JSON.stringify(sim.accessLines)).not.toContain('hunter2');
});

test('what is not a request has a line too', () => {
  const sim = new Simulation();
  sim.client().send('nonsense\r\n\r\n');
  expect(sim.accessLines[0]).toMatchObject({
    method: '',
    status: 400,
    reason: 'bad-request',
    traceId: null,
    query: null,
  });
});

test('a client that left first is told of', () => {
  const sim = new Simulation();
  sim.service.behave = () => ({ act: 'hang' });
  const client = sim.get('/a');
  sim.advance(5);
  client.leave();
  expect(sim.accessLines[0]).toMatchObject({ status: 499, outcome: 'client-gone', upstreamMs: null });
});

test.each([
  ['none', false, false],
  ['refused', false, true],
  ['all', true, true],
] as const)('mode %s', (mode, answered, refused) => {
  expect(wantsLine(mode, { refusal: null } as Exchange)).toBe(answered);
  expect(wantsLine(mode, { refusal: refusals.rateLimit } as Exchange)).toBe(refused);
});
