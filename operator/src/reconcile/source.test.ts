import { configMap, featureFlagSet, resiliencePolicy, sidecarProfile } from '@fusebox/api/testing/builders.ts';
import { readObject } from '@fusebox/api/document.ts';
import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/resource.ts';
import { namesIn, objectOf, outlineOf, readSource, sourceKey, tagOf } from './source.ts';

const policy = (spec: object, generation = 1): KubeObject => ({
  apiVersion: 'fusebox.dev/v1alpha1',
  kind: 'ResiliencePolicy',
  metadata: { name: 'users', namespace: 'shop', uid: 'u1', generation, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
});

test('faults are told with their place', () => {
  const { reading } = readSource('ResiliencePolicy', policy({ inbound: { defaults: { timeout: 'soon' } } }), null, 0);
  expect(reading).toEqual({ problems: [expect.stringMatching(/^spec\.inbound\.defaults\.timeout: "soon" is not/)] });
});

test('an object whose settings are as before is not read again; its status is', () => {
  const first = readSource('ResiliencePolicy', policy({}), null, 10);
  const second = readSource('ResiliencePolicy', { ...policy({}), status: { version: 'v' } }, first, 99);
  expect(second.reading).toBe(first.reading);
  expect(second).toMatchObject({ seenAtMs: 10, status: { version: 'v' } });
  const edited = readSource('ResiliencePolicy', policy({}, 2), second, 99);
  expect(edited.seenAtMs).toBe(99);
  expect(tagOf(edited)).not.toBe(tagOf(second));
});

test.each([
  [
    'a target beside a fault',
    { targetRefs: [{ kind: 'Deployment', name: 'users' }], mode: 'Loud' },
    { targetRefs: [{ kind: 'Deployment', name: 'users' }] },
  ],
  [
    'a selector beside a fault',
    { selector: { matchLabels: { app: 'users' } }, mode: 'Loud' },
    { selector: { matchLabels: { app: 'users' } } },
  ],
  ['a target that is a fault itself: the namespace', { targetRefs: 'users' }, {}],
  ['both, which is a fault: the namespace', { targetRefs: [{ kind: 'Deployment', name: 'users' }], selector: {} }, {}],
])('whom a faulty object is for: %s', (_what, spec, wanted) => {
  const { reading, claim } = readSource('ResiliencePolicy', policy(spec), null, 0);
  expect(reading).toHaveProperty('problems');
  expect(claim).toMatchObject({ kind: 'ResiliencePolicy', namespace: 'shop', name: 'users', spec: wanted });
});

test('of a ConfigMap with broken YAML the annotation still says whom it is for', () => {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'config',
      namespace: 'shop',
      uid: 'u2',
      resourceVersion: '7',
      labels: { 'fusebox.dev/config': 'true' },
      annotations: { 'fusebox.dev/target': 'deploy/users' },
    },
    data: { 'policy.yaml': 'inbound: [' },
  };
  const source = readSource('ConfigMap', object, null, 0);
  expect(source).toMatchObject({
    generation: null,
    resourceVersion: '7',
    claim: { target: { kind: 'Deployment', name: 'users' } },
  });
  expect(source.reading).toHaveProperty('problems');
});

test.each([
  resiliencePolicy(
    { selector: { matchLabels: { app: 'users' } }, inbound: { defaults: { timeout: '4s' } } },
    { namespace: 'shop' },
  ),
  featureFlagSet({
    flags: { a: { state: 'ENABLED', variants: { on: true }, targeting: { $ref: 'x' } } },
    $evaluators: { x: { var: 'a' } },
    context: { headers: { 'x-user': 'targetingKey' } },
  }),
  featureFlagSet({ flags: { a: true } }, { namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' }),
  sidecarProfile({ defaults: { inbound: { timeout: '9s' } } }),
  configMap({ policy: { inbound: { defaults: { timeout: '4s' } } }, flags: { b: false }, target: 'deployment/users' }),
  configMap({ flags: { a: false }, config: { 'cache.ttl_seconds': '60' } }),
  configMap({ flags: { a: false }, config: { long: 'é "x"\n'.repeat(4_000) }, binary: { 'a.png': 'AP8=', empty: '' } }),
  configMap({}),
])('what a ControllerRevision keeps is read as the same document: %#', (document) => {
  expect(readObject(JSON.parse(JSON.stringify(objectOf(document))), null)).toEqual({ document });
});

test('a key holds the names it is made of', () => {
  const names = { kind: 'ConfigMap', namespace: 'shop', name: 'a.b-c' };
  expect(namesIn(sourceKey(names))).toEqual(names);
});

test('the outline of a document is short, and changes with every value', () => {
  const outline = (value: string, bytes: string): string =>
    JSON.stringify(outlineOf(configMap({ config: { long: value.repeat(20_000), ttl: '60' }, binary: { bytes } })));
  expect(outline('a', 'AP8=').length).toBeLessThan(1_000);
  expect(outline('a', 'AP8=')).toBe(outline('a', 'AP8='));
  expect(new Set([outline('a', 'AP8='), outline('b', 'AP8='), outline('a', 'AQA=')]).size).toBe(3);
});
