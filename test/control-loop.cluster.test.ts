/** The control loop on a real API server: what people apply → what sidecars are sent → what status says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { TestNamespace, type TestObject } from './support/cluster-objects.ts';
import { Controlled } from './support/controlled.ts';
import { installKinds } from './support/install-kinds.ts';
import { until } from './support/until.ts';

// A cluster of its own: an operator looks after all namespaces, also those of other tests.
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
});

const newSpace = (): Promise<TestNamespace> => TestNamespace.create(api);

/** A namespace with one pod (labels `app: users`) whose sidecar is connected. */
async function newSpaceWithPod(): Promise<{ space: TestNamespace; pod: TestObject }> {
  const space = await newSpace();
  const pod = await space.createPod('users-1', { app: 'users' });
  operator.sidecars.connect(pod.metadata);
  return { space, pod };
}

const timeoutOf = (pod: TestObject): number | null | undefined =>
  operator.sidecars.last(pod.metadata.uid)?.inbound.defaults.timeoutMs;
const untilTimeout = (pod: TestObject, wanted: number | null): Promise<unknown> =>
  until(`${pod.metadata.name} has the timeout ${wanted}`, () => timeoutOf(pod) === wanted);
const timeout = (text: string): object => ({ inbound: { defaults: { timeout: text } } });
const messageOf = (object: TestObject | null, type: string): string =>
  object?.status?.conditions?.find((condition) => condition.type === type)?.message ?? '';

test.skipIf(process.env['FUSEBOX_TEST_CLUSTER'] === 'envtest')(
  'a policy reaches the pods of its Deployment, and status says so (controller-manager)',
  async () => {
    const space = await newSpace();
    const users = await space.createDeployment('users', 2);
    const orders = await space.createDeployment('orders', 1);
    for (const { metadata } of [...users, ...orders]) operator.sidecars.connect(metadata);
    const targetRefs = [{ group: 'apps', kind: 'Deployment', name: 'users' }];
    await space.apply('ResiliencePolicy', 'users', { targetRefs, ...timeout('4s') });
    const { status } = await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    expect(users.map(timeoutOf)).toEqual([4_000, 4_000]);
    expect(orders.map(timeoutOf)).toEqual([null]);
    expect(status).toMatchObject({
      pods: { matched: 2, programmed: 2, rejected: 0 },
      programmed: '2/2',
      version: operator.sidecars.last(users[0]!.metadata.uid)!.digest,
      propagationMs: expect.any(Number),
    });
  },
);

describe('a policy that is created, edited, broken, mended and deleted', () => {
  test('is obeyed, kept, and taken back', async () => {
    const { space, pod } = await newSpaceWithPod();
    const programmed = (): Promise<unknown> =>
      space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    await programmed();
    expect(timeoutOf(pod)).toBe(1_000);
    await space.apply('ResiliencePolicy', 'users', timeout('2s'));
    await programmed();
    expect(timeoutOf(pod)).toBe(2_000);

    // The CRD lets it pass; the compiler's reader does not.
    const sent = operator.sidecars.received.get(pod.metadata.uid)!.length;
    await space.patch('ResiliencePolicy', 'users', {
      spec: { inbound: { routes: [{ name: 'r', match: { path: '/users/:id/:id' } }] } },
    });
    const broken = await space.untilCondition('ResiliencePolicy', 'users', 'Accepted', 'False Invalid');
    expect(messageOf(broken, 'Accepted')).toContain('spec.inbound.routes[0].match.path');
    expect(messageOf(broken, 'Programmed')).toContain('the last good ones stay in force');
    expect(operator.sidecars.received.get(pod.metadata.uid)).toHaveLength(sent);

    await space.apply('ResiliencePolicy', 'users', timeout('3s'));
    await space.patch('ResiliencePolicy', 'users', { spec: { inbound: { routes: null } } });
    await programmed();
    expect(timeoutOf(pod)).toBe(3_000);
    await space.delete('ResiliencePolicy', 'users');
    await untilTimeout(pod, null);
  });
});

describe('a labelled ConfigMap', () => {
  test('is obeyed, has a LiveConfig that speaks of its resourceVersion, and is taken back with its label', async () => {
    const { space, pod } = await newSpaceWithPod();
    const speaksOf = (resourceVersion: string): Promise<TestObject> =>
      until(`the LiveConfig speaks of ${resourceVersion}`, async () => {
        const live = await space.get('LiveConfig', 'config');
        const done = live?.status?.programmed === '1/1' && live.status.observedResourceVersion === resourceVersion;
        return done ? live : null;
      });
    const first = await space.applyConfigMap('config', { 'policy.yaml': JSON.stringify(timeout('1s')) });
    const live = await speaksOf(first.metadata.resourceVersion);
    expect(timeoutOf(pod)).toBe(1_000);
    expect(live).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'ConfigMap', name: 'config', uid: first.metadata.uid }] },
      spec: { configMap: 'config' },
      status: { version: operator.sidecars.last(pod.metadata.uid)!.digest },
    });

    const edited = await space.patch('ConfigMap', 'config', { data: { 'policy.yaml': JSON.stringify(timeout('2s')) } });
    await speaksOf(edited.metadata.resourceVersion);
    expect(timeoutOf(pod)).toBe(2_000);

    await space.patch('ConfigMap', 'config', { data: { 'policy.yaml': 'inbound: {defaults: {timeout: soon}}' } });
    const broken = await space.untilCondition('LiveConfig', 'config', 'Accepted', 'False Invalid');
    expect(messageOf(broken, 'Accepted')).toContain('data["policy.yaml"].inbound.defaults.timeout');
    expect(timeoutOf(pod)).toBe(2_000);

    await space.patch('ConfigMap', 'config', { metadata: { labels: { 'fusebox.dev/config': null } } });
    await untilTimeout(pod, null);
    await until('the LiveConfig is gone', async () => (await space.get('LiveConfig', 'config')) === null);
  });

  test('flags in it and in a FeatureFlagSet are merged by key', async () => {
    const { space, pod } = await newSpaceWithPod();
    await space.apply('FeatureFlagSet', 'flags', { flags: { a: true, b: true } });
    await space.untilCondition('FeatureFlagSet', 'flags', 'Programmed', 'True Programmed');
    await space.applyConfigMap('config', { 'flags.yaml': 'flags: {b: false}' });
    await until('b is off', () => operator.sidecars.last(pod.metadata.uid)?.flags['b'] === false);
    expect(operator.sidecars.last(pod.metadata.uid)!.flags).toEqual({ a: true, b: false });
  });
});

test('a SidecarProfile gives defaults below any policy', async () => {
  const { space, pod } = await newSpaceWithPod();
  await space.apply('SidecarProfile', 'default', { defaults: { inbound: { timeout: '9s', idleTimeout: '8s' } } });
  await space.apply('ResiliencePolicy', 'users', timeout('1s'));
  await space.untilCondition('SidecarProfile', 'default', 'Programmed', 'True Programmed');
  await untilTimeout(pod, 1_000);
  expect(operator.sidecars.last(pod.metadata.uid)!.inbound.defaults.idleTimeoutMs).toBe(8_000);
});

test('of two policies of one rank the older rules; when it goes, the other does', async () => {
  const { space, pod } = await newSpaceWithPod();
  await space.apply('ResiliencePolicy', 'a-first', timeout('1s'));
  await space.apply('ResiliencePolicy', 'b-second', timeout('2s'));
  const loser = await space.untilCondition('ResiliencePolicy', 'b-second', 'Accepted', 'False Conflicted');
  expect(messageOf(loser, 'Accepted')).toContain(`ResiliencePolicy ${space.name}/a-first`);
  await space.untilCondition('ResiliencePolicy', 'a-first', 'Programmed', 'True Programmed');
  expect(timeoutOf(pod)).toBe(1_000);
  await space.delete('ResiliencePolicy', 'a-first');
  await space.untilCondition('ResiliencePolicy', 'b-second', 'Programmed', 'True Programmed');
  expect(timeoutOf(pod)).toBe(2_000);
});

describe('who a policy is for', () => {
  test('follows its selector, and the labels of pods', async () => {
    const { space, pod } = await newSpaceWithPod();
    await space.apply('ResiliencePolicy', 'gold', { selector: { matchLabels: { tier: 'gold' } }, ...timeout('1s') });
    await space.untilCondition('ResiliencePolicy', 'gold', 'Programmed', 'False NoPods');
    await space.patch('Pod', 'users-1', { metadata: { labels: { tier: 'gold' } } });
    await space.untilCondition('ResiliencePolicy', 'gold', 'Programmed', 'True Programmed');
    expect(timeoutOf(pod)).toBe(1_000);
    await space.apply('ResiliencePolicy', 'gold', { selector: { matchLabels: { tier: 'iron' } }, ...timeout('1s') });
    await space.untilCondition('ResiliencePolicy', 'gold', 'Programmed', 'False NoPods');
    await untilTimeout(pod, null);
  });

  test('follows a Service, and what it selects', async () => {
    const { space, pod } = await newSpaceWithPod();
    const targetRefs = [{ kind: 'Service', name: 'front' }];
    await space.apply('ResiliencePolicy', 'front', { targetRefs, ...timeout('1s') });
    await space.untilCondition('ResiliencePolicy', 'front', 'Programmed', 'False NoPods');
    const spec = { selector: { app: 'users' }, ports: [{ port: 80 }] };
    await space.create('services', { metadata: { name: 'front' }, spec });
    await space.untilCondition('ResiliencePolicy', 'front', 'Programmed', 'True Programmed');
    await space.patch('Service', 'front', { spec: { selector: { app: 'orders' } } });
    await untilTimeout(pod, null);
    await space.untilCondition('ResiliencePolicy', 'front', 'Programmed', 'False NoPods');
  });
});

describe('Programmed', () => {
  test('waits for every ready pod, names the late one, and forgets those that are not ready or gone', async () => {
    const { space } = await newSpaceWithPod();
    const wedged = await space.createPod('users-2', { app: 'users' });
    operator.sidecars.wedged.add(wedged.metadata.uid);
    operator.sidecars.connect(wedged.metadata);
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    const late = await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False Pending');
    await until('the other one is counted', async () => {
      return (await space.get('ResiliencePolicy', 'users'))?.status?.programmed === '1/2';
    });
    expect(messageOf(late, 'Programmed')).toContain('users-2');
    await space.setReady('users-2', false);
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    await space.setReady('users-2', true);
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False Pending');
    await space.delete('Pod', 'users-2');
    const done = await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    expect(done.status?.programmed).toBe('1/1');
  });

  test('is False with the reason where a sidecar refuses', async () => {
    const { space, pod } = await newSpaceWithPod();
    operator.sidecars.refusing.set(pod.metadata.uid, 'requires: "x" is not known here');
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    const refused = await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False Rejected');
    expect(messageOf(refused, 'Programmed')).toContain('users-1 (requires: "x" is not known here)');
    expect(refused.status?.pods).toEqual({ matched: 1, programmed: 0, rejected: 1 });
  });

  test('does not flicker when another source of the same pods changes', async () => {
    const { space } = await newSpaceWithPod();
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    const { status } = await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    const before = status!.conditions!.find(({ type }) => type === 'Programmed');
    for (let edit = 1; edit <= 20; edit += 1) {
      await space.applyConfigMap('config', { 'flags.yaml': `flags: {a: ${edit % 2 === 0}}` });
    }
    await space.untilCondition('LiveConfig', 'config', 'Programmed', 'True Programmed');
    const after = (await space.get('ResiliencePolicy', 'users'))!.status!;
    expect(after.conditions!.find(({ type }) => type === 'Programmed')).toEqual(before);
  });
});

test('open circuits are told', async () => {
  const { space, pod } = await newSpaceWithPod();
  await space.apply('ResiliencePolicy', 'users', timeout('1s'));
  await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
  const circuit = { route: 'user', state: 'Open' as const, era: 1, reason: 'consecutive failures' };
  operator.sidecars.report(pod.metadata, operator.sidecars.last(pod.metadata.uid)!.digest, [circuit]);
  await until('the circuit is told', async () => {
    return (await space.get('ResiliencePolicy', 'users'))?.status?.openCircuits === 'user';
  });
});

test('nothing is written when nothing changes', async () => {
  const { space } = await newSpaceWithPod();
  await space.apply('ResiliencePolicy', 'users', timeout('1s'));
  await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
  // Annotations are no settings: generation stays, and so does the status.
  const { metadata } = await space.patch('ResiliencePolicy', 'users', { metadata: { annotations: { note: 'x' } } });
  await space.patch('Pod', 'users-1', { metadata: { annotations: { note: 'x' } } });
  await space.apply('FeatureFlagSet', 'later', {});
  await space.untilCondition('FeatureFlagSet', 'later', 'Programmed', 'True Programmed');
  expect((await space.get('ResiliencePolicy', 'users'))!.metadata.resourceVersion).toBe(metadata.resourceVersion);
});

test('one bad object blocks no other', async () => {
  const { space, pod } = await newSpaceWithPod();
  await space.applyConfigMap('bad', { 'policy.yaml': 'inbound: [' });
  await space.untilCondition('LiveConfig', 'bad', 'Accepted', 'False Invalid');
  await space.apply('ResiliencePolicy', 'users', timeout('1s'));
  await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
  expect(timeoutOf(pod)).toBe(1_000);
});

describe('a restart of the operator while a source is bad', () => {
  async function breakAndRestart(whileAway: (space: TestNamespace) => Promise<void>) {
    const { space, pod } = await newSpaceWithPod();
    await space.applyConfigMap('config', { 'policy.yaml': JSON.stringify(timeout('1s')) });
    await space.untilCondition('LiveConfig', 'config', 'Programmed', 'True Programmed');
    await until('the settings are saved', async () => (await space.list('ControllerRevision')).length === 1);
    await operator.stop();
    await space.patch('ConfigMap', 'config', { data: { 'policy.yaml': 'inbound: [' } });
    await whileAway(space);
    operator = await Controlled.start(cluster.kubeconfigPath);
    operator.sidecars.connect(pod.metadata);
    return { space, pod };
  }

  test('takes nothing away: the last good settings come from the ControllerRevision', async () => {
    const { space, pod } = await breakAndRestart(async () => {});
    await space.untilCondition('LiveConfig', 'config', 'Accepted', 'False Invalid');
    await untilTimeout(pod, 1_000);
    await space.patch('ConfigMap', 'config', { data: { 'policy.yaml': JSON.stringify(timeout('2s')) } });
    await space.untilCondition('LiveConfig', 'config', 'Programmed', 'True Programmed');
    expect(timeoutOf(pod)).toBe(2_000);
    await until('one revision is kept', async () => (await space.list('ControllerRevision')).length === 1);
  });

  test('takes nothing away of an edit that came while no replica led', async () => {
    const { space, pod } = await newSpaceWithPod();
    await operator.stop();
    const follower = await Controlled.start(cluster.kubeconfigPath, { leads: false });
    for (const text of ['1s', '2s']) {
      await space.applyConfigMap('config', { 'policy.yaml': JSON.stringify(timeout(text)) });
      await until(`${text} is saved, and nothing else`, async () => {
        const saved = JSON.stringify(await space.list('ControllerRevision'));
        return saved.includes(text) && saved.match(/fusebox-[0-9a-f]{20}/g)!.length === 1;
      });
    }
    expect(await space.get('LiveConfig', 'config')).toBeNull();
    await follower.stop();
    await space.patch('ConfigMap', 'config', { data: { 'policy.yaml': 'inbound: [' } });
    operator = await Controlled.start(cluster.kubeconfigPath);
    operator.sidecars.connect(pod.metadata);
    await space.untilCondition('LiveConfig', 'config', 'Accepted', 'False Invalid');
    await untilTimeout(pod, 2_000);
  });

  test('freezes its pods where they are lost as well, and says so of everybody who is held up', async () => {
    const { space, pod } = await breakAndRestart(async (lost) => {
      for (const { metadata } of await lost.list('ControllerRevision'))
        await lost.delete('ControllerRevision', metadata.name);
    });
    await space.untilCondition('LiveConfig', 'config', 'Degraded', 'True Frozen');
    await space.apply('FeatureFlagSet', 'flags', { flags: { a: true } });
    const held = await space.untilCondition('FeatureFlagSet', 'flags', 'Programmed', 'False Frozen');
    expect(messageOf(held, 'Programmed')).toContain(`ConfigMap ${space.name}/config`);
    expect(operator.sidecars.last(pod.metadata.uid)).toBeNull();
    await space.delete('ConfigMap', 'config');
    await space.untilCondition('FeatureFlagSet', 'flags', 'Programmed', 'True Programmed');
    expect(operator.sidecars.last(pod.metadata.uid)!.flags).toEqual({ a: true });
  });
});

describe('an API server in trouble', () => {
  test('that restarts costs nobody anything', async () => {
    const { space, pod } = await newSpaceWithPod();
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    await cluster.restartApiServer();
    expect(timeoutOf(pod)).toBe(1_000);
    await space.apply('ResiliencePolicy', 'users', timeout('2s'));
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    expect(timeoutOf(pod)).toBe(2_000);
  }, 90_000);

  test('whose etcd stands still holds up status, and what waits is done when it goes on', async () => {
    const { space, pod } = await newSpaceWithPod();
    await space.apply('ResiliencePolicy', 'users', timeout('1s'));
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'True Programmed');
    cluster.pauseEtcd();
    const digest = operator.sidecars.last(pod.metadata.uid)!.digest;
    const open = { route: 'user', state: 'Open' as const, era: 1, reason: null };
    operator.sidecars.report(pod.metadata, digest, [open]);
    await until('a write has failed', () => operator.failures.some((line) => line.includes(space.name)), 30_000);
    cluster.resumeEtcd();
    await until(
      'the circuit is told',
      async () => (await space.get('ResiliencePolicy', 'users'))?.status?.openCircuits === 'user',
      60_000,
    );
  }, 120_000);
});
