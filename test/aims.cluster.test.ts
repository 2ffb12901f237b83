/** Whom settings are for, while that changes: sources that overlap for a time, other targets, pods that come, go and are made again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { TestNamespace, type TestObject } from './support/cluster-objects.ts';
import { Controlled } from './support/controlled.ts';
import { installKinds } from './support/install-kinds.ts';
import { until } from './support/until.ts';

let cluster: TestCluster;
let api: ApiClient;
let operator: Controlled;

beforeAll(async () => {
  cluster = await startCluster();
  api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
  await installKinds(api);
  operator = await Controlled.start(cluster.kubeconfigPath);
}, 900_000);

afterAll(async () => {
  await operator?.stop();
  api?.close();
  await cluster?.stop();
}, 60_000);

const NO_DEPLOYMENTS = process.env['FUSEBOX_TEST_CLUSTER'] === 'envtest';

const timeout = (text: string): object => ({ inbound: { defaults: { timeout: text } } });
const timeoutOf = ({ metadata }: TestObject): number | null | undefined =>
  operator.sidecars.last(metadata.uid)?.inbound.defaults.timeoutMs;
const untilTimeout = (pod: TestObject, wanted: number | null): Promise<unknown> =>
  until(`${pod.metadata.name} has the timeout ${wanted}`, () => timeoutOf(pod) === wanted);

async function newPod(space: TestNamespace, name: string, labels: Record<string, string>): Promise<TestObject> {
  const pod = await space.createPod(name, labels);
  operator.sidecars.connect(pod.metadata);
  return pod;
}

const untilCounted = (space: TestNamespace, [kind, name]: [string, string], wanted: string): Promise<unknown> =>
  until(`${kind} ${name} is programmed in ${wanted}`, async () => {
    const { status } = (await space.get(kind, name)) ?? {};
    return status?.programmed === wanted;
  });

describe('two policies of one rank', () => {
  test('are in conflict as long as one pod is matched by both, and no longer', async () => {
    const space = await TestNamespace.create(api);
    const pod = await newPod(space, 'users-1', { app: 'users' });
    const gold = await newPod(space, 'gold-1', { tier: 'gold' });
    await space.apply('ResiliencePolicy', 'a-users', { selector: { matchLabels: { app: 'users' } }, ...timeout('1s') });
    await space.apply('ResiliencePolicy', 'b-gold', { selector: { matchLabels: { tier: 'gold' } }, ...timeout('2s') });
    for (const name of ['a-users', 'b-gold']) {
      await space.untilCondition('ResiliencePolicy', name, 'Programmed', 'True Programmed');
    }
    for (let time = 0; time < 3; time += 1) {
      await space.patch('Pod', 'users-1', { metadata: { labels: { tier: 'gold' } } });
      await space.untilCondition('ResiliencePolicy', 'b-gold', 'Accepted', 'False Conflicted');
      await space.untilCondition('ResiliencePolicy', 'a-users', 'Programmed', 'True Programmed');
      expect([timeoutOf(pod), timeoutOf(gold)]).toEqual([1_000, 2_000]);
      await space.patch('Pod', 'users-1', { metadata: { labels: { tier: null } } });
      await space.untilCondition('ResiliencePolicy', 'b-gold', 'Programmed', 'True Programmed');
    }
    await space.patch('Pod', 'users-1', { metadata: { labels: { tier: 'gold' } } });
    await space.untilCondition('ResiliencePolicy', 'b-gold', 'Accepted', 'False Conflicted');
    await space.delete('ResiliencePolicy', 'a-users');
    await space.untilCondition('ResiliencePolicy', 'b-gold', 'Programmed', 'True Programmed');
    await untilTimeout(pod, 2_000);
  });

  test('one of which is bad since it was good are still in conflict: its last good settings rule', async () => {
    const space = await TestNamespace.create(api);
    const pod = await newPod(space, 'users-1', {});
    await space.apply('ResiliencePolicy', 'a-first', timeout('1s'));
    await space.untilCondition('ResiliencePolicy', 'a-first', 'Programmed', 'True Programmed');
    await space.apply('ResiliencePolicy', 'b-second', timeout('2s'));
    await space.untilCondition('ResiliencePolicy', 'b-second', 'Accepted', 'False Conflicted');
    const routes = [{ name: 'r', match: { path: '/users/:id/:id' } }];
    await space.patch('ResiliencePolicy', 'a-first', { spec: { inbound: { routes } } });
    await space.untilCondition('ResiliencePolicy', 'a-first', 'Accepted', 'False Invalid');
    await space.untilCondition('ResiliencePolicy', 'b-second', 'Accepted', 'False Conflicted');
    expect(timeoutOf(pod)).toBe(1_000);
  });
});

test('a ConfigMap that is pointed elsewhere is taken from the one and given to the other', async () => {
  const space = await TestNamespace.create(api);
  for (const name of ['users', 'orders']) {
    await space.create('services', { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80 }] } });
  }
  const [users, orders] = [
    await newPod(space, 'users-1', { app: 'users' }),
    await newPod(space, 'orders-1', { app: 'orders' }),
  ];
  const data = { 'policy.yaml': JSON.stringify(timeout('1s')) };
  for (const [target, timeouts] of [
    ['service/users', [1_000, null]],
    ['service/orders', [null, 1_000]],
    ['service/users', [1_000, null]],
    [undefined, [1_000, 1_000]],
  ] as const) {
    await space.applyConfigMap('config', data, target);
    await untilTimeout(users, timeouts[0]);
    await untilTimeout(orders, timeouts[1]);
    await untilCounted(space, ['LiveConfig', 'config'], target === undefined ? '2/2' : '1/1');
  }
});

describe.skipIf(NO_DEPLOYMENTS)('with a controller-manager', () => {
  test('a policy follows its targets from Deployment to Deployment', async () => {
    const space = await TestNamespace.create(api);
    const [users, orders] = [await space.createDeployment('users', 1), await space.createDeployment('orders', 1)];
    const pods = [users[0]!, orders[0]!] as const;
    for (const { metadata } of pods) operator.sidecars.connect(metadata);
    const aim = (...names: string[]): object => ({
      targetRefs: names.map((name) => ({ group: 'apps', kind: 'Deployment', name })),
    });
    for (const [names, timeouts] of [
      [['users'], [1_000, null]],
      [
        ['users', 'orders'],
        [1_000, 1_000],
      ],
      [['orders'], [null, 1_000]],
    ] as const) {
      await space.apply('ResiliencePolicy', 'moving', { ...aim(...names), ...timeout('1s') });
      await space.untilCondition('ResiliencePolicy', 'moving', 'Programmed', 'True Programmed');
      await untilTimeout(pods[0], timeouts[0]);
      await untilTimeout(pods[1], timeouts[1]);
      await untilCounted(space, ['ResiliencePolicy', 'moving'], `${names.length}/${names.length}`);
    }
  });

  test('pods that a Deployment adds and takes away are counted as they come and go', async () => {
    const space = await TestNamespace.create(api);
    const scale = (replicas: number): Promise<unknown> => space.patch('Deployment', 'users', { spec: { replicas } });
    const [first] = await space.createDeployment('users', 1);
    operator.sidecars.connect(first!.metadata);
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    await untilCounted(space, ['ResiliencePolicy', 'users'], '1/1');
    await scale(4);
    const pods = await space.readyPods('users', 4);
    await untilCounted(space, ['ResiliencePolicy', 'users'], '1/4');
    expect(await space.condition('ResiliencePolicy', 'users', 'Programmed')).toBe('False Pending');
    for (const { metadata } of pods.filter(({ metadata: { uid } }) => uid !== first!.metadata.uid)) {
      operator.sidecars.connect(metadata);
    }
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    await untilCounted(space, ['ResiliencePolicy', 'users'], '4/4');
    await scale(0);
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False NoPods');
  });
});

test('what a pod confirmed says nothing of another pod with its name', async () => {
  const space = await TestNamespace.create(api);
  const before = await newPod(space, 'users-0', { app: 'users' });
  await space.apply('ResiliencePolicy', 'users', timeout('1s'));
  await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
  await space.delete('Pod', 'users-0');
  const after = await space.createPod('users-0', { app: 'users' });
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False Pending');
  operator.sidecars.connect(after.metadata);
  await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
});
