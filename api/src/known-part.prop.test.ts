import fc from 'fast-check';
import { Clean, Clone } from 'typebox/value';
import { expect, test } from 'vitest';

import { compile } from './compile/compile.ts';
import { knownPart } from './known-part.ts';
import { Snapshot } from './snapshot.ts';
import { featureFlagSet, resiliencePolicy } from './testing/builders.ts';

const { snapshot } = compile(
  [
    resiliencePolicy({
      inbound: {
        defaults: { concurrency: {}, rateLimit: { requestsPerSecond: 2.5, per: { header: 'x' } } },
        routes: [
          { name: 'a', match: { path: '/a/:id', headers: [{ name: 'x', exact: 'y' }] } },
          { name: 'b', match: { pathPrefix: '/b' }, rateLimit: { requestsPerSecond: 1 } },
          { name: 'c', match: { path: '/c', methods: ['GET'] } },
        ],
      },
    }),
    featureFlagSet({ flags: { a: true, b: false } }),
  ],
  { namespace: null, workloads: [], labels: null },
);

/** Every object in it, but the flags: each of their keys is known. */
function objectsIn(value: unknown, found: Record<string, unknown>[] = []): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return found;
  if (!Array.isArray(value)) found.push(value as Record<string, unknown>);
  for (const [key, field] of Object.entries(value)) if (key !== 'flags') objectsIn(field, found);
  return found;
}

test('what nobody knows goes, wherever it stands, and nothing else; the value itself stays as it is', () => {
  const places = objectsIn(snapshot).length;
  const news = fc.array(
    fc.tuple(fc.nat(places - 1), fc.constantFrom('new', 'algorithm', 'toString', 'x-y'), fc.jsonValue()),
    { maxLength: 10 },
  );
  fc.assert(
    fc.property(news, (additions) => {
      const newer = structuredClone(snapshot);
      const objects = objectsIn(newer);
      for (const [place, key, value] of additions) objects[place]![key] = value;
      const before = JSON.stringify(newer);
      expect(knownPart(Snapshot, newer)).toEqual(snapshot);
      expect(knownPart(Snapshot, newer)).toEqual(Clean(Snapshot, Clone(newer)));
      expect(JSON.stringify(newer)).toBe(before);
    }),
  );
});
