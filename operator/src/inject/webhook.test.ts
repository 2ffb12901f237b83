import { describe, expect, test } from 'vitest';
import { type Injector, reviewPod } from './webhook.ts';

const CONTAINER = { name: 'users', image: 'users', ports: [{ name: 'http', containerPort: 8080 }] };
const ASKS = { 'fusebox.dev/inject': 'true' };

interface Told {
  provided: string[];
  decided: string[];
}

function newInjector(more: Partial<Injector> = {}): Injector & Told {
  const told: Told = { provided: [], decided: [] };
  return {
    sidecarImage: 'sidecar',
    redirectImage: 'redirect',
    operatorUrl: 'https://operator:4150',
    known: async () => {},
    namespaceAsks: async (namespace) => namespace === 'asks',
    profileFor: () => ({}),
    serverMinor: async () => 34,
    provideBundle: async (namespace) => void told.provided.push(namespace),
    onDecision: (outcome, { namespace, name }, why) => void told.decided.push(`${outcome} ${namespace}/${name} ${why}`),
    ...told,
    ...more,
  };
}

const reviewOf = (metadata: object, { spec = { containers: [CONTAINER] }, ...more }: Record<string, unknown> = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u',
    operation: 'CREATE',
    namespace: 'shop',
    object: { apiVersion: 'v1', kind: 'Pod', metadata, spec },
    ...more,
  },
});

describe('what is not asked for is let be', () => {
  test.each<[string, object]>([
    ['a pod that says nothing, in a namespace that says nothing', reviewOf({})],
    [
      'a pod that says no, in a namespace that asks',
      reviewOf({ labels: { 'fusebox.dev/inject': 'false' } }, { namespace: 'asks' }),
    ],
    ['a pod that brings its sidecar', reviewOf({ labels: ASKS, annotations: { 'fusebox.dev/sidecar': 'true' } })],
    [
      'what a kubelet shows of its own',
      reviewOf({ labels: ASKS, annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    ],
    ['a pod that is there already', reviewOf({ labels: ASKS }, { operation: 'UPDATE' })],
    ['something else', reviewOf({}, { object: { kind: 'Service', spec: {} } })],
  ])('%s', async (_, body) => {
    const injector = newInjector();
    expect((await reviewPod(body, injector))?.response).toEqual({ uid: 'u', allowed: true });
    expect(injector.provided).toEqual([]);
  });
});

test.each<[string, object, string[]]>([
  ['by its own label', reviewOf({ labels: ASKS }), ['shop']],
  ['by that of its namespace', reviewOf({}, { namespace: 'asks' }), ['asks']],
  ['in a dry run, of which nothing may come', reviewOf({ labels: ASKS }, { dryRun: true }), []],
])('a pod is given what it asks for %s', async (_, body, provided) => {
  const injector = newInjector();
  const { response } = (await reviewPod(body, injector))!;
  expect(response).toMatchObject({ uid: 'u', allowed: true, patchType: 'JSONPatch' });
  expect(JSON.parse(Buffer.from(response.patch!, 'base64').toString())).toContainEqual(
    expect.objectContaining({ op: 'add', path: '/spec/initContainers' }),
  );
  expect(injector.provided).toEqual(provided);
  expect(injector.decided).toEqual([expect.stringMatching(/^injected .*… null$/)]);
});

test('a pod that cannot be injected is admitted with a warning, marked and told', async () => {
  const injector = newInjector();
  const body = reviewOf(
    { generateName: 'users-', labels: ASKS },
    { spec: { hostNetwork: true, containers: [CONTAINER] } },
  );
  const { response } = (await reviewPod(body, injector))!;
  expect(response.allowed).toBe(true);
  expect(response.warnings).toEqual([
    expect.stringMatching(/^fusebox: no sidecar was injected: it shares the network/),
  ]);
  expect(injector.decided).toEqual([expect.stringMatching(/^not-injected shop\/users-… no sidecar/)]);
  expect(injector.provided).toEqual([]);
});

test('a pod that says what cannot be meant is refused', async () => {
  const body = reviewOf({ labels: ASKS, annotations: { 'fusebox.dev/port': 'htpp' } });
  const { response } = (await reviewPod(body, newInjector()))!;
  expect(response).toMatchObject({ allowed: false, status: { code: 422, message: expect.stringContaining('htpp') } });
});

test('nothing is answered before everything has been seen, and what is no review is told apart', async () => {
  const injector = newInjector({ known: () => Promise.reject(new Error('not yet')) });
  await expect(reviewPod(reviewOf({ labels: ASKS }), injector)).rejects.toThrow('not yet');
  expect(await reviewPod({ kind: 'Pod' }, injector)).toBeNull();
});

test.each<[string, object, string]>([
  [
    'its Deployment',
    {
      labels: { ...ASKS, 'pod-template-hash': '7f9c' },
      ownerReferences: [owner('apps/v1', 'ReplicaSet', 'users-7f9c')],
    },
    'users',
  ],
  ['its Job', { labels: ASKS, ownerReferences: [owner('batch/v1', 'Job', 'report-1')] }, 'report-1'],
  ['its label', { labels: { ...ASKS, 'app.kubernetes.io/name': 'shop-users' } }, 'shop-users'],
  ['its container', { labels: ASKS }, 'users'],
])('spans are called after %s', async (_, metadata, name) => {
  const { response } = (await reviewPod(reviewOf(metadata), newInjector()))!;
  expect(Buffer.from(response.patch!, 'base64').toString()).toContain(`"--service-name=${name}"`);
});

function owner(apiVersion: string, kind: string, name: string): object {
  return { apiVersion, kind, name, uid: 'x', controller: true };
}
