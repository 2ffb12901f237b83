/** The control loop on a real API server: what people apply → what sidecars are sent → what status says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { TestNamespace, type TestObject } from './support/cluster-objects.ts';
import { Controlled } from './support/controlled.ts';
import { installKinds } from './support/install-kinds.ts';

// A cluster of its own: an operator looks after all namespaces, also those of other tests.
let cluster: TestCluster;
let api: ApiClient;
let operator: Controlled;
let space: TestNamespace;

beforeAll(async () => {
  cluster = await startCluster();
  api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
  await installKinds(api);
  operator = await Controlled.start(cluster.kubeconfigPath);
  space = await TestNamespace.create(api);
}, 900_000);

afterAll(async () => {
  await operator?.stop();
  api?.close();
  await cluster?.stop();
});

function connect(pods: TestObject[]): TestObject[] {
  for (const { metadata } of pods) operator.sidecars.connect(metadata);
  return pods;
}

const timeoutSentTo = (pod: TestObject): number | null | undefined =>
  operator.sidecars.last(pod.metadata.uid)?.inbound.defaults.timeoutMs;

test('a policy reaches the pods of its workload, and status says so', async () => {
  const users = connect(await space.createDeployment('users', 2));
  const orders = connect(await space.createDeployment('orders', 1));
  const targetRefs = [{ group: 'apps', kind: 'Deployment', name: 'users' }];
  await space.apply('ResiliencePolicy', 'users', { targetRefs, inbound: { defaults: { timeout: '4s' } } });
  const { status } = await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
  expect(users.map(timeoutSentTo)).toEqual([4_000, 4_000]);
  expect(orders.map(timeoutSentTo)).toEqual([null]);
  expect(status).toMatchObject({
    pods: { matched: 2, programmed: 2, rejected: 0 },
    programmed: '2/2',
    version: operator.sidecars.last(users[0]!.metadata.uid)!.digest,
    propagationMs: expect.any(Number),
  });
});
