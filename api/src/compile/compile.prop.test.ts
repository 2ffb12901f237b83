import fc from 'fast-check';
import { expect, test } from 'vitest';

import { canonicalJson, digestOf } from '../digest.ts';
import type { Document } from '../document.ts';
import { readSnapshot } from '../snapshot-reader.ts';
import { configMap, featureFlagSet, resiliencePolicy, sidecarProfile } from '../testing/builders.ts';
import { compile } from './compile.ts';
import type { Who } from './who.ts';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const mode = optional(fc.constantFrom('Enforce', 'Shadow', 'Disabled'));
const timeout = optional(fc.constantFrom('0s', '1s', '250ms'));
const blocks = {
  timeout,
  concurrency: optional(fc.record({ mode, maxConcurrent: optional(fc.integer({ min: 1, max: 9 })) })),
  rateLimit: optional(
    fc.record({
      requestsPerSecond: optional(fc.constantFrom(0.5, 5)),
      burst: optional(fc.integer({ min: 1, max: 3 })),
    }),
  ),
  circuitBreaker: optional(fc.record({ mode, failOn: optional(fc.subarray(['5xx', '429', 'connect'])) })),
};
const match = optional(
  fc.oneof(
    fc.record({
      path: fc.constantFrom('/', '/a', '/a/:b', '/:a/b'),
      methods: optional(fc.subarray(['GET', 'PUT'], { minLength: 1 })),
    }),
    fc.record({ pathPrefix: fc.constantFrom('/', '/a', '/a/b/') }),
  ),
);
const name = fc.constantFrom('a', 'b', 'c', 'd');
const when = optional(fc.record({ flag: name, variant: optional(fc.constantFrom('on', 'off', 'other')) }));
const route = fc.record({ name, match, when, flag: optional(name), ...blocks });
const policy = fc.record({
  mode,
  inbound: optional(
    fc.record({
      unmatched: optional(fc.constantFrom('Allow', 'Refuse')),
      defaults: optional(fc.record(blocks)),
      routes: optional(fc.uniqueArray(route, { maxLength: 4, selector: (one) => one.name })),
    }),
  ),
});
const aim = fc.constantFrom(
  {},
  { targetRefs: [{ kind: 'Deployment', name: 'users' }] },
  { selector: { matchLabels: { app: 'users' } } },
);
const definition = fc
  .record({
    state: fc.constantFrom('ENABLED', 'DISABLED'),
    variants: fc.constantFrom({ on: true, off: false }, { on: 1, off: 0.5 }, { on: {}, off: { deep: [null] } }),
    defaultVariant: optional(fc.constantFrom('on', 'off')),
    targeting: optional(fc.oneof(fc.constant({}), fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }))),
    metadata: optional(fc.dictionary(name, fc.constantFrom('a', 1, false), { maxKeys: 2 })),
  })
  .map(plain);
const flags = fc.dictionary(name, fc.oneof(fc.boolean(), definition), { maxKeys: 3 });
const context = optional(
  fc.record({
    headers: optional(fc.dictionary(fc.constantFrom('X-A', 'x-b'), fc.constantFrom('a', 'b'))),
    pathParameters: optional(fc.boolean()),
  }),
);
const config = fc.dictionary(fc.constantFrom('ttl', 'b.json', '__proto__'), fc.constantFrom('', '60', '{}'));
const metadata = fc
  .record({
    name,
    namespace: optional(fc.constantFrom('shop', 'other')),
    creationTimestamp: optional(fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z')),
  })
  .map(plain);

/** Without the fields that are undefined, as a document has it. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const document: fc.Arbitrary<Document> = fc.oneof(
  fc
    .tuple(policy, aim, metadata)
    .map(([spec, at, meta]) => resiliencePolicy(plain({ ...spec, ...at }), meta as object)),
  fc
    .tuple(flags, context, aim, metadata)
    .map(([set, known, at, meta]) => featureFlagSet(plain({ flags: set, context: known, ...at }), meta as object)),
  fc
    .tuple(fc.record(blocks), metadata)
    .map(([inbound, meta]) => sidecarProfile(plain({ defaults: { inbound } }), meta as object)),
  fc
    .tuple(policy, flags, config, optional(fc.constant('deployment/users')), metadata)
    .map(([spec, set, keys, target, meta]) =>
      configMap(
        { policy: plain(spec), flags: set, config: keys, ...(target !== undefined && { target }) },
        meta as object,
      ),
    ),
);
const documents = fc.array(document, { maxLength: 6 });
const who: fc.Arbitrary<Who> = fc.record({
  namespace: fc.constantFrom(null, 'shop'),
  workloads: fc.constantFrom([], [{ kind: 'Deployment', name: 'users' }], [{ kind: 'Deployment', name: 'orders' }]),
  labels: fc.constantFrom(null, { app: 'users' }, {}),
});

/** The same value with the keys of every object the other way round. */
function turned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(turned) as T;
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, turned(field)]),
  ) as T;
}

test('neither the order of documents nor that of keys changes the snapshot', () => {
  let conflicts = 0;
  fc.assert(
    fc.property(
      documents.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      who,
      ([all, mixed], pod) => {
        const compiled = compile(all, pod);
        conflicts += compiled.conflicts.length;
        const again = compile(turned(mixed), pod);
        expect(canonicalJson(again.snapshot)).toBe(canonicalJson(compiled.snapshot));
        expect(again.warnings).toEqual(compiled.warnings);
        expect(again.conflicts).toEqual(compiled.conflicts);
      },
    ),
    { numRuns: 300 },
  );
  expect(conflicts).toBeGreaterThan(5);
});

test('every snapshot is one that a sidecar can read, and its digest is that of its content', () => {
  fc.assert(
    fc.property(documents, who, (all, pod) => {
      const { snapshot } = compile(all, pod);
      expect(readSnapshot(structuredClone(snapshot))).toEqual({ snapshot });
      const { digest, ...content } = snapshot;
      expect(digest).toBe(digestOf(content));
    }),
    { numRuns: 200 },
  );
});

test('what is not for the pod changes nothing', () => {
  const pod: Who = { namespace: 'shop', workloads: [{ kind: 'Deployment', name: 'users' }], labels: { app: 'users' } };
  fc.assert(
    fc.property(documents, policy, (all, spec) => {
      const strangers = [
        resiliencePolicy(plain(spec), { name: 'x', namespace: 'elsewhere' }),
        resiliencePolicy(plain({ ...spec, targetRefs: [{ kind: 'Deployment', name: 'orders' }] }), { name: 'y' }),
        configMap({ policy: plain(spec), target: 'deployment/orders' }, { name: 'z' }),
      ];
      expect(compile([...strangers, ...all], pod).snapshot).toEqual(compile(all, pod).snapshot);
    }),
    { numRuns: 200 },
  );
});

test('a field that the highest rank names is what holds', () => {
  const top = fc.record({ timeout: fc.constantFrom('3s', '7s'), mode: fc.constantFrom('Shadow', 'Disabled') });
  fc.assert(
    fc.property(fc.array(policy, { maxLength: 3 }), top, (lower, { timeout: written, mode: modeWritten }) => {
      const below = lower.map((spec, at) => resiliencePolicy(plain(spec), { name: `p${at}` }));
      const high = configMap({
        policy: { mode: modeWritten, inbound: { defaults: { timeout: written } } },
        target: 'deployment/users',
      });
      const { inbound } = compile([...below, high], { namespace: null, workloads: [], labels: null }).snapshot;
      expect(inbound.mode).toBe(modeWritten);
      expect(inbound.defaults.timeoutMs).toBe(Number.parseInt(written, 10) * 1000);
    }),
  );
});
