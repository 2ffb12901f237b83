import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { PolicySpec } from '../resilience-policy.ts';
import { mergePolicies } from './merge.ts';

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const blocks = {
  timeout: some(fc.constantFrom('1s', '2s', '3s')),
  concurrency: some(
    fc.record({
      maxConcurrent: some(fc.nat(3)),
      queue: some(fc.record({ size: some(fc.nat(3)), timeout: some(fc.constantFrom('1s', '2s')) })),
    }),
  ),
  rateLimit: some(
    fc.record({
      burst: some(fc.nat(3)),
      per: some(fc.constantFrom({ header: 'x' }, { header: 'y' }, { clientAddress: true })),
    }),
  ),
  circuitBreaker: some(fc.record({ failOn: some(fc.subarray(['5xx', '429', 'reset'])) })),
};
const route = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  match: some(fc.record({ path: some(fc.constantFrom('/a', '/b')), methods: some(fc.subarray(['GET', 'PUT'])) })),
  ...blocks,
});
const policy = fc
  .record({
    mode: some(fc.constantFrom('Enforce', 'Shadow')),
    inbound: some(
      fc.record({
        defaults: some(fc.record(blocks)),
        routes: some(fc.uniqueArray(route, { maxLength: 3, selector: ({ name }) => name })),
      }),
    ),
  })
  .map((spec) => JSON.parse(JSON.stringify(spec)) as PolicySpec);

/** Every field that a policy names, by its path; routes by name. Lists and `per` are one field; an object counts as named, too. */
function fieldsOf(value: unknown, path: string, into: Map<string, unknown>): Map<string, unknown> {
  if (path.endsWith('/routes')) {
    into.set(path, 'named');
    for (const one of value as { name: string }[]) fieldsOf(one, `${path}/${one.name}`, into);
  } else if (typeof value !== 'object' || Array.isArray(value) || path.endsWith('/per')) into.set(path, value);
  else {
    into.set(path, 'named');
    for (const [key, field] of Object.entries(value as object)) fieldsOf(field, `${path}/${key}`, into);
  }
  return into;
}

test('each field is that of the highest rank which names it, and no field is lost', () => {
  let contested = 0;
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 4 }), (policies) => {
      const named = policies.map((spec) => fieldsOf(spec, '', new Map()));
      const expected = new Map(named.flatMap((fields) => [...fields]));
      contested += named.reduce((sum, fields) => sum + fields.size, 0) - expected.size;
      expect(fieldsOf(mergePolicies(policies), '', new Map())).toEqual(expected);
    }),
    { numRuns: 300 },
  );
  expect(contested).toBeGreaterThan(75);
});

test('it does not matter which neighbours are merged first', () => {
  fc.assert(
    fc.property(policy, policy, policy, (a, b, c) => {
      expect(mergePolicies([mergePolicies([a, b]), c])).toEqual(mergePolicies([a, mergePolicies([b, c])]));
    }),
  );
});

test('merging changes none of what it merges', () => {
  fc.assert(
    fc.property(policy, policy, (a, b) => {
      const before = JSON.stringify([a, b]);
      mergePolicies([a, b]);
      expect(JSON.stringify([a, b])).toBe(before);
    }),
  );
});
