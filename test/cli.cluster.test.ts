import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { API_VERSION, RESOURCE_NAMES } from '@fusebox/api/names.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { installKinds } from './support/install-kinds.ts';
import { until } from './support/until.ts';

const { kubeconfigPath, server } = inject('cluster');
const api = new ApiClient(readKubeconfig(kubeconfigPath));
const namespace = `cli-${randomBytes(4).toString('hex')}`;
const MAIN = resolve(import.meta.dirname, '../cli/src/main.ts');
type Kind = keyof typeof RESOURCE_NAMES;

const pathOf = (kind: Kind): string => `/apis/${API_VERSION}/namespaces/${namespace}/${RESOURCE_NAMES[kind].plural}`;
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

interface Ended {
  exit: number;
  stdout: string;
  stderr: string;
}

/** Runs kubectl-fusebox as kubectl would. */
function run(...args: string[]): Promise<Ended> {
  return new Promise((ended) => {
    const env = { ...process.env, KUBECONFIG: kubeconfigPath };
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) => {
      ended({ exit: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

interface Stored {
  metadata: { generation: number; resourceVersion: string };
}

async function sent(method: string, path: string, body: object): Promise<Stored> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const answer = await api.call(method, path, body, type);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as Stored;
}

const create = (kind: Kind, name: string, spec: object): Promise<Stored> =>
  sent('POST', pathOf(kind), { apiVersion: API_VERSION, kind, metadata: { name }, spec });

/** What the operator would write. */
function speak(kind: Kind, name: string, observedGeneration: number, more: object = {}): Promise<Stored> {
  const conditions = ['Accepted', 'Programmed', 'Degraded'].map((type) => {
    const status = type === 'Degraded' ? 'False' : 'True';
    return { type, status, observedGeneration, reason: type, message: '', lastTransitionTime: '2026-01-31T12:00:00Z' };
  });
  const status = {
    conditions,
    pods: { matched: 1, programmed: 1, rejected: 0 },
    programmed: '1/1',
    version: 'sha256:1',
  };
  return sent('PATCH', `${pathOf(kind)}/${name}/status`, { status: { ...status, ...more } });
}

beforeAll(async () => {
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await installKinds(api);
}, 90_000);

afterAll(async () => {
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

test('wait ends when the status speaks of the present generation, and not before', async () => {
  await create('ResiliencePolicy', 'users', { mode: 'Shadow' });
  await speak('ResiliencePolicy', 'users', 1);
  expect(await run('wait', 'rp/users', '-n', namespace)).toMatchObject({ exit: 0, stderr: '' });

  const { metadata } = await sent('PATCH', `${pathOf('ResiliencePolicy')}/users`, { spec: { mode: 'Enforce' } });
  expect(metadata.generation).toBe(2);
  const early = await run('wait', 'rp/users', '-n', namespace, '--timeout', '0');
  expect(early).toMatchObject({ exit: 1, stderr: expect.stringContaining('has not judged generation 2 yet') });

  const waiting = run('wait', 'ResiliencePolicy/users', '-n', namespace, '--timeout', '60s');
  await speak('ResiliencePolicy', 'users', 2);
  expect(await waiting).toMatchObject({ exit: 0, stdout: expect.stringContaining('1/1 pods, version sha256:1') });
});

test('wait for a ConfigMap ends when its LiveConfig speaks of the present resourceVersion', async () => {
  const metadata = { name: 'live', labels: { 'fusebox.dev/config': 'true' } };
  const first = await sent('POST', configMaps, { metadata, data: { 'policy.yaml': '' } });
  await create('LiveConfig', 'live', { configMap: 'live' });
  await speak('LiveConfig', 'live', 1, { observedResourceVersion: first.metadata.resourceVersion });
  expect(await run('wait', 'cm/live', '-n', namespace)).toMatchObject({ exit: 0 });

  const second = await sent('PATCH', `${configMaps}/live`, { data: { 'policy.yaml': 'mode: Shadow' } });
  expect(await run('wait', 'cm/live', '-n', namespace, '--timeout', '300ms')).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining(`has not seen resourceVersion ${second.metadata.resourceVersion} yet`),
  });
  const waiting = run('wait', 'configmap/live', '-n', namespace, '--timeout', '60s');
  await speak('LiveConfig', 'live', 1, { observedResourceVersion: second.metadata.resourceVersion });
  expect(await waiting).toMatchObject({ exit: 0 });
});

test('status tells all of a namespace, for people and for programs', async () => {
  await create('FeatureFlagSet', 'flags', { flags: { a: true } });
  const waiting = {
    type: 'Programmed',
    status: 'False',
    observedGeneration: 1,
    reason: 'Pending',
    message: 'users-1 does not answer',
    lastTransitionTime: '2026-01-31T12:00:00Z',
  };
  await speak('FeatureFlagSet', 'flags', 1, { conditions: [waiting], programmed: '0/1' });
  const { exit, stdout } = await run('status', '-n', namespace);
  expect(exit).toBe(1);
  expect(stdout).toMatch(/^FeatureFlagSet +flags +- +0\/1 /m);
  expect(stdout).toContain(`FeatureFlagSet ${namespace}/flags: Programmed=False Pending: users-1 does not answer`);

  const json = await run('status', 'ffset/flags', '-n', namespace, '-o', 'json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    items: [{ kind: 'FeatureFlagSet', name: 'flags', ok: false, status: { conditions: [waiting] } }],
  });
  expect((await run('status', '-A')).stdout).toContain(namespace);
});

test('flags finds the pods with a sidecar, and names those that cannot be asked', async () => {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  await until(
    'the default ServiceAccount is there',
    async () => (await api.call('GET', account)).status === 200,
    30_000,
  );
  for (const name of ['users-1', 'users-2', 'stranger']) {
    const annotations = name === 'stranger' ? {} : { 'fusebox.dev/sidecar': 'true' };
    const containers = [{ name: 'app', image: 'none.invalid/app' }];
    const metadata = { name, annotations, labels: { app: 'users' } };
    await sent('POST', pods, { metadata, spec: { containers, schedulerName: 'none' } });
  }
  await sent('PATCH', `${pods}/users-2/status`, { status: { phase: 'Running' } });
  // No kubelet runs it: the API server itself refuses to forward its port.
  const complaints = expect.stringMatching(
    /^users-1: it is not running: Pending\nusers-2: it cannot be reached: .*400\n$/,
  ) as unknown;
  expect(await run('flags', '-n', namespace)).toEqual({ exit: 1, stdout: '', stderr: complaints });
  expect(await run('flags', '-n', namespace, '-l', 'app=users')).toMatchObject({ stderr: complaints });
  expect(await run('flags', 'deployment/none', '-n', namespace)).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining(`there is no Deployment ${namespace}/none`) as unknown,
  });
});

test('check finds the API server and our kinds, and misses the operator', async () => {
  await until(
    'the kinds are there',
    async () => (await api.call('GET', `/apis/${API_VERSION}`)).status === 200,
    30_000,
  );
  const { stdout } = await run('check', '-n', namespace);
  expect(stdout).toContain(`at ${server}`);
  expect(stdout).toMatch(/^ok +kind resiliencepolicies\.fusebox\.dev/m);
  expect(stdout).toMatch(/^ok +your permissions/m);
});

test('without an API server the exit status is 69, and with a wrong command line 64', async () => {
  const nowhere = await run('status', '--kubeconfig', '/nonexistent/kubeconfig');
  expect(nowhere).toMatchObject({ exit: 69, stderr: expect.stringContaining('the kubeconfig cannot be read') });
  const context = await run('check', '--context', 'nowhere');
  expect(context).toMatchObject({ exit: 69, stderr: expect.stringContaining('there is no context "nowhere"') });
  expect(await run('wait')).toMatchObject({ exit: 64, stderr: expect.stringContaining('wait needs an object') });
});
