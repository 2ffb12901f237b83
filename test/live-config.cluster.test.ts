/** Long and binary values of ConfigMaps on a real API server: who gets them, how long they are kept, and what a bad edit leaves. */
import { randomBytes } from 'node:crypto';
import { digestOfBytes } from '@fusebox/api/digest.ts';
import { CONFIG_LABEL } from '@fusebox/api/names.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

// As much as a ConfigMap holds, and nothing that could be made shorter.
const BYTES = randomBytes(1_000_000);
const LONG = 'a line\n'.repeat(3_000);
const DIGESTS = { bytes: digestOfBytes(BYTES), long: digestOfBytes(LONG) };

const createConfigMap = (space: TestNamespace, name: string): Promise<TestObject> =>
  space.create('configmaps', {
    metadata: { name, labels: { [CONFIG_LABEL]: 'true' } },
    data: { long: LONG, ttl: '60' },
    binaryData: { bytes: BYTES.toString('base64') },
  });

const blobOf = (pod: TestObject, digest: string): Buffer | null => {
  const bytes = operator.registry.blob(pod.metadata.uid, digest);
  return bytes === null ? null : Buffer.from(bytes);
};

test('a value is kept once for all, reaches the pods it is for, and goes with the last ConfigMap that holds it', async () => {
  const [shop, office] = [await TestNamespace.create(api), await TestNamespace.create(api)];
  const pods = await Promise.all([shop, office].map((space) => space.createPod('users-1')));
  const [inShop, inOffice] = pods as [TestObject, TestObject];
  for (const { metadata } of pods) operator.sidecars.connect(metadata);
  await createConfigMap(shop, 'large');
  await shop.untilCondition('LiveConfig', 'large', 'Programmed', 'True Programmed');
  const snapshot = operator.sidecars.last(inShop.metadata.uid)!;
  expect(snapshot.config).toEqual({ ttl: { value: '60' } });
  expect(snapshot.configBlobs).toEqual({
    bytes: { digest: DIGESTS.bytes, sizeBytes: 1_000_000, encoding: 'binary' },
    long: { digest: DIGESTS.long, sizeBytes: 21_000, encoding: 'text' },
  });
  expect(blobOf(inShop, DIGESTS.bytes)?.equals(BYTES)).toBe(true);
  expect(blobOf(inOffice, DIGESTS.bytes)).toBeNull();

  await createConfigMap(office, 'same');
  await office.untilCondition('LiveConfig', 'same', 'Programmed', 'True Programmed');
  expect(operator.controller.fleet.blobs.sizes).toEqual({ values: 2, bytes: 1_021_000 });
  expect(operator.registry.blob(inOffice.metadata.uid, DIGESTS.bytes)).toBe(
    operator.registry.blob(inShop.metadata.uid, DIGESTS.bytes),
  );

  await shop.delete('ConfigMap', 'large');
  await until('the pod has no such key', () => blobOf(inShop, DIGESTS.bytes) === null);
  expect(blobOf(inOffice, DIGESTS.bytes)).not.toBeNull();
  await office.delete('ConfigMap', 'same');
  await until('nothing is kept', () => operator.controller.fleet.blobs.sizes.values === 0);
});

test('values of the last good settings outlive a bad edit and a restart of the operator', async () => {
  const space = await TestNamespace.create(api);
  const pod = await space.createPod('users-1');
  operator.sidecars.connect(pod.metadata);
  await createConfigMap(space, 'large');
  await space.untilCondition('LiveConfig', 'large', 'Programmed', 'True Programmed');
  const { digest } = operator.sidecars.last(pod.metadata.uid)!;
  await until('they are saved', async () => {
    const { body } = await api.call('GET', `/apis/apps/v1/namespaces/${space.name}/controllerrevisions`);
    return (body as { items: unknown[] }).items.length === 1;
  });
  await space.patch('ConfigMap', 'large', { data: { 'policy.yaml': 'inbound: [' }, binaryData: { bytes: null } });
  await space.untilCondition('LiveConfig', 'large', 'Accepted', 'False Invalid');
  await operator.stop();
  operator = await Controlled.start(cluster.kubeconfigPath);
  operator.sidecars.connect(pod.metadata);
  await until('the pod has what it had', () => operator.sidecars.last(pod.metadata.uid)?.digest === digest);
  expect(blobOf(pod, DIGESTS.bytes)?.equals(BYTES)).toBe(true);
  expect(blobOf(pod, DIGESTS.long)?.toString()).toBe(LONG);
});

test('an edit that is too much for a sidecar is told with key and size, and the settings before stay', async () => {
  const space = await TestNamespace.create(api);
  const pod = await space.createPod('users-1');
  operator.sidecars.connect(pod.metadata);
  await space.applyConfigMap('many', { a: '1' });
  await space.untilCondition('LiveConfig', 'many', 'Programmed', 'True Programmed');
  const keys = Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`k${at}`, '']));
  await space.patch('ConfigMap', 'many', { data: { ...keys, a: null } });
  const { status } = await space.untilCondition('LiveConfig', 'many', 'Accepted', 'False Invalid');
  const accepted = status?.conditions?.find(({ type }) => type === 'Accepted');
  expect(accepted?.message).toBe('data: has 501 keys for the service, more than the maximum 500');
  expect(operator.sidecars.last(pod.metadata.uid)?.config).toEqual({ a: { value: '1' } });
});
