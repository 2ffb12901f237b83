import { expect, test } from 'vitest';

import type { PolicySpec } from '../resilience-policy.ts';
import { inherit, mergePolicies } from './merge.ts';

const defaults = (block: NonNullable<PolicySpec['inbound']>['defaults']): PolicySpec => ({
  inbound: { defaults: block! },
});

test('objects merge field by field, and the higher rank decides a field that both name', () => {
  const low = defaults({ timeout: '4s', concurrency: { maxConcurrent: 100, queue: { size: 50 } } });
  const high = defaults({ timeout: '2s', concurrency: { queue: { timeout: '1s' } } });
  expect(mergePolicies([low, high])).toEqual(
    defaults({ timeout: '2s', concurrency: { maxConcurrent: 100, queue: { size: 50, timeout: '1s' } } }),
  );
});

test('lists are replaced whole', () => {
  const low = defaults({ circuitBreaker: { failOn: ['5xx', 'connect'] } });
  expect(mergePolicies([low, defaults({ circuitBreaker: { failOn: ['timeout'] } })])).toEqual(
    defaults({ circuitBreaker: { failOn: ['timeout'] } }),
  );
});

test('what has a bucket of its own is replaced whole', () => {
  const low = defaults({ rateLimit: { requestsPerSecond: 5, per: { header: 'x' } } });
  expect(mergePolicies([low, defaults({ rateLimit: { per: { clientAddress: true } } })])).toEqual(
    defaults({ rateLimit: { requestsPerSecond: 5, per: { clientAddress: true } } }),
  );
});

test('a flag with its variant is replaced whole: a variant belongs to its flag', () => {
  const route = (when: object): PolicySpec => ({
    inbound: { routes: [{ name: 'a', when: when as { flag: string } }] },
  });
  expect(mergePolicies([route({ flag: 'f', variant: 'gold' }), route({ flag: 'g' })])).toEqual(route({ flag: 'g' }));
});

test('routes merge by name, wherever they stand in their lists', () => {
  const low: PolicySpec = {
    inbound: {
      routes: [
        { name: 'a', timeout: '1s' },
        { name: 'b', flag: 'x' },
      ],
    },
  };
  const high: PolicySpec = { inbound: { routes: [{ name: 'b', timeout: '2s' }, { name: 'c' }] } };
  expect(mergePolicies([low, high]).inbound?.routes).toEqual([
    { name: 'a', timeout: '1s' },
    { name: 'b', flag: 'x', timeout: '2s' },
    { name: 'c' },
  ]);
});

test('path and pathPrefix take the place of each other, and leave the rest of the match', () => {
  const low: PolicySpec = { inbound: { routes: [{ name: 'a', match: { methods: ['GET'], path: '/a' } }] } };
  const high: PolicySpec = { inbound: { routes: [{ name: 'a', match: { pathPrefix: '/b' } }] } };
  expect(mergePolicies([low, high]).inbound?.routes).toEqual([
    { name: 'a', match: { methods: ['GET'], pathPrefix: '/b' } },
  ]);
  expect(mergePolicies([high, low]).inbound?.routes).toEqual([{ name: 'a', match: { methods: ['GET'], path: '/a' } }]);
  const methods: PolicySpec = { inbound: { routes: [{ name: 'a', match: { methods: ['PUT'] } }] } };
  expect(mergePolicies([low, methods]).inbound?.routes).toEqual([
    { name: 'a', match: { methods: ['PUT'], path: '/a' } },
  ]);
});

test('a route inherits what it does not say', () => {
  expect(
    inherit(
      { timeout: '4s', circuitBreaker: { resetTimeout: '2s', mode: 'Shadow' } },
      { name: 'a', circuitBreaker: { resetTimeout: '1s' } },
    ),
  ).toEqual({
    name: 'a',
    timeout: '4s',
    circuitBreaker: { resetTimeout: '1s', mode: 'Shadow' },
  });
});

test('nothing merges to nothing', () => expect(mergePolicies([])).toEqual({}));
