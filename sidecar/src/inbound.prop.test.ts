/** A random history of the whole proxy: whatever clients, service and editors do, nobody is lost and nothing leaks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SimulatedClient } from './testing/simulated-client.ts';
import type { Behaviour } from './testing/simulated-service.ts';
import { policy, Simulation } from './testing/simulate.ts';

const settings = [
  '',
  policy('{}'),
  policy('{defaults: {timeout: 1s, concurrency: {maxConcurrent: 2, queue: {size: 3, timeout: 300ms}}}}'),
  policy(
    '{defaults: {timeout: 10s, concurrency: {maxConcurrent: 1}, circuitBreaker: {failureThreshold: 2, resetTimeout: 500ms}}}',
  ),
  policy(
    '{defaults: {concurrency: {maxConcurrent: 4, queue: {size: 9, timeout: 2s}}, circuitBreaker: {failureThreshold: 1, resetTimeout: 100ms, maxHalfOpenDuration: 1s}}}',
  ),
  policy(
    '{defaults: {rateLimit: {requestsPerSecond: 5, burst: 3}, circuitBreaker: {mode: Shadow, failureThreshold: 1}}}',
  ),
  policy(
    '{routes: [{name: one, match: {path: /one}, concurrency: {maxConcurrent: 1, queue: {size: 2, timeout: 1s}}}]}',
  ),
  policy('{routes: [{name: one, match: {pathPrefix: /}, circuitBreaker: {forced: Open}}]}'),
  policy(
    '{defaults: {maxDuration: 1500ms, circuitBreaker: {mode: Disabled}, concurrency: {mode: Shadow, maxConcurrent: 1}}}',
  ),
] as const;

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      afterMs: fc.constantFrom(0, 1, 99, 500, 1_000, 3_000),
      status: fc.constantFrom(200, 200, 404, 500),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom('hang' as const, 'reset' as const), afterMs: fc.constantFrom(0, 50) }),
  },
  { weight: 1, arbitrary: fc.record({ cutAfter: fc.nat(80), afterMs: fc.constantFrom(0, 50) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      raw: fc.constantFrom('nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'),
    }),
  },
);

type Step =
  | { kind: 'request'; target: string; behaviour: Behaviour; pipelined: boolean }
  | { kind: 'wait'; ms: number }
  | { kind: 'leave' | 'stopReading' | 'readAgain'; pick: number }
  | { kind: 'edit'; pick: number }
  | { kind: 'refusing'; on: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      target: fc.constantFrom('/one', '/two'),
      behaviour,
      pipelined: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 99, 100, 499, 1_000, 5_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('leave' as const, 'stopReading' as const, 'readAgain' as const),
      pick: fc.nat(20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), pick: fc.nat(settings.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refusing' as const), on: fc.boolean() }) },
);

interface Party {
  client: SimulatedClient;
  targets: string[];
  gone: boolean;
}

const reached = new Set<string>();

function play(steps: Step[], sim: Simulation): Party[] {
  const parties: Party[] = [];
  let number = 0;
  const behaviours = new Map<string, Behaviour>();
  sim.service.behave = ({ target }) => behaviours.get(target) ?? {};
  for (const each of steps) {
    const party = 'pick' in each ? parties[each.pick % Math.max(1, parties.length)] : undefined;
    if (each.kind === 'wait') sim.advance(each.ms);
    else if (each.kind === 'edit') sim.edit(settings[each.pick]!);
    else if (each.kind === 'refusing') sim.service.refusing = each.on;
    else if (each.kind === 'request') {
      const target = `${each.target}?${++number}`;
      behaviours.set(target, { body: target, ...each.behaviour });
      const last = parties.at(-1);
      const to =
        each.pipelined && last !== undefined && !last.gone && !last.client.ended
          ? last
          : { client: sim.client(), targets: [], gone: false };
      if (to !== last) parties.push(to);
      to.targets.push(target);
      to.client.get(target);
    } else if (party !== undefined) {
      if (each.kind === 'leave') {
        party.gone = true;
        party.client.leave();
      } else if (!party.gone) party.client[each.kind]();
    }
    for (const route of sim.inbound.routes.all()) reached.add(route.circuit.state.kind);
  }
  return parties;
}

test('every request is answered once and in order, or its connection ends; afterwards every place and permit is free', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), fc.nat(settings.length - 1), (steps, first) => {
      const sim = new Simulation(settings[first]);
      const parties = play(steps, sim);
      for (const { client, gone } of parties) if (!gone) client.readAgain();
      // Long enough for every deadline that the settings have, but for those that hang without one: their clients leave.
      sim.advance(120_000);
      for (const party of parties) {
        const { client, targets, gone } = party;
        const over = client.ended || client.wasReset || gone;
        expect(client.answers.length).toBeLessThanOrEqual(targets.length);
        for (const [index, { status, headers, body }] of client.answers.entries()) {
          if (headers['fusebox-reason'] !== undefined) reached.add(headers['fusebox-reason']);
          else if (status < 500) expect(body).toBe(targets[index]);
        }
        if (!over && client.answers.length < targets.length) client.leave();
      }
      sim.advance(120_000);
      expect(sim.inbound.active).toBe(0);
      for (const route of sim.inbound.routes.all()) {
        expect(route.limiter).toMatchObject({ inFlight: 0, queued: 0, head: null, tail: null });
        expect(route.exchanges).toBe(0);
        if (route.circuit.state.kind === 'halfOpen') expect(route.circuit.state.trialStartsMs).toEqual([]);
      }
      expect(sim.clients.size).toBe(0);
      expect(sim.pool.open).toBe(0);
      expect(sim.service.open).toBe(0);
    }),
    { numRuns: 150 },
  );
  // The generator is worth its name only if it gets around.
  for (const what of [
    'open',
    'halfOpen',
    'closed',
    'circuit-open',
    'queue-timeout',
    'concurrency-limit',
    'rate-limit',
    'timeout',
    'upstream-reset',
    'upstream-connect',
    'upstream-protocol',
  ]) {
    expect(reached).toContain(what);
  }
});
