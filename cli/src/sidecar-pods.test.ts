import { expect, test } from 'vitest';
import { findSidecarPods, type PodWish } from './sidecar-pods.ts';
import { plainCluster } from './testing/plain-cluster.ts';

const PODS = '/api/v1/namespaces/shop/pods';

interface PodOptions {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  containers?: string[];
  phase?: string | undefined;
  ending?: boolean;
}

const pod = (name: string, { labels = {}, annotations = {}, containers = [], phase, ending = false }: PodOptions) => ({
  metadata: { name, labels, annotations, ...(ending && { deletionTimestamp: '2026-01-31T12:00:00Z' }) },
  spec: {
    containers: [{ name: 'users' }],
    initContainers: containers.map((container) => ({ name: container })),
  },
  status: phase === undefined ? {} : { phase },
});
const injected = (name: string, more: PodOptions = {}) =>
  pod(name, { labels: { 'fusebox.dev/inject': 'true' }, containers: ['fusebox'], phase: 'Running', ...more });

const found = (answers: Record<string, unknown>, wish: PodWish = { by: 'namespace' }) =>
  findSidecarPods(plainCluster(answers), wish, 'shop');

test('pods with a sidecar, by name, and why some cannot be asked', async () => {
  const items = [
    injected('d', { phase: undefined }),
    injected('b'),
    pod('own', { annotations: { 'fusebox.dev/sidecar': 'true' }, phase: 'Running' }),
    // In a namespace whose label asks for sidecars.
    injected('a', { labels: {} }),
    injected('c', { containers: [] }),
    pod('stranger', { phase: 'Running' }),
    injected('ends', { ending: true }),
    injected('has-ended', { phase: 'Succeeded' }),
  ];
  expect(await found({ [PODS]: { items } })).toEqual([
    { namespace: 'shop', name: 'a', fault: null },
    { namespace: 'shop', name: 'b', fault: null },
    { namespace: 'shop', name: 'c', fault: 'it asked for a sidecar and has none' },
    { namespace: 'shop', name: 'd', fault: 'it is not running: Pending' },
    { namespace: 'shop', name: 'own', fault: null },
  ]);
});

test.each<[what: string, wish: PodWish, path: string, object: unknown, query: string]>([
  [
    'a Deployment',
    { by: 'workload', workload: { kind: 'Deployment', name: 'users' } },
    '/apis/apps/v1/namespaces/shop/deployments/users',
    {
      spec: {
        selector: {
          matchLabels: { app: 'users' },
          matchExpressions: [
            { key: 'track', operator: 'NotIn', values: ['canary', 'old'] },
            { key: 'tier', operator: 'Exists' },
          ],
        },
      },
    },
    'app=users,track notin (canary,old),tier',
  ],
  [
    'a Service',
    { by: 'workload', workload: { kind: 'Service', name: 'users' } },
    '/api/v1/namespaces/shop/services/users',
    { spec: { selector: { app: 'users' } } },
    'app=users',
  ],
  ['labels', { by: 'labels', selector: 'app in (a, b)' }, '/nothing', {}, 'app in (a, b)'],
])('by %s', async (_what, wish, path, object, query) => {
  const answers = {
    [path]: object,
    [`${PODS}?labelSelector=${encodeURIComponent(query)}`]: { items: [injected('a')] },
  };
  expect(await found(answers, wish)).toEqual([{ namespace: 'shop', name: 'a', fault: null }]);
});

test('by its own name', async () => {
  expect(await found({ [`${PODS}/a`]: injected('a') }, { by: 'name', name: 'a' })).toHaveLength(1);
  await expect(found({}, { by: 'name', name: 'a' })).rejects.toThrow('there is no pod shop/a');
});

test('a workload that is not there, or that selects nothing, is told', async () => {
  const users: PodWish = { by: 'workload', workload: { kind: 'Service', name: 'users' } };
  await expect(found({}, users)).rejects.toThrow('there is no Service shop/users');
  const answers = { '/api/v1/namespaces/shop/services/users': { spec: {} } };
  await expect(found(answers, users)).rejects.toThrow('Service shop/users selects no pods');
});
