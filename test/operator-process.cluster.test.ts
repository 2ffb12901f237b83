/** The operator and sidecars as processes, on a real API server: an edit is enforced, whatever becomes of the operator. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_LABEL } from '@fusebox/api/names.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig, writeKubeconfig } from './cluster/api/kubeconfig.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { freePorts } from './cluster/own/free-ports.ts';
import { TestNamespace, type TestObject } from './support/cluster-objects.ts';
import { installKinds } from './support/install-kinds.ts';
import { statusOf } from './support/message.ts';
import { OperatorProcess } from './support/operator-process.ts';
import { ask, get } from './support/peer.ts';
import { startService } from './support/scripted-service.ts';
import { newFolder } from './support/settings.ts';
import { type SidecarProcess, startSidecar } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

let cluster: TestCluster;
let api: ApiClient;
let space: TestNamespace;
let folder: Awaited<ReturnType<typeof newFolder>>;
let service: Awaited<ReturnType<typeof startService>>;
let serve: number;

beforeAll(async () => {
  cluster = await startCluster();
  api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
  await installKinds(api);
  space = await TestNamespace.create(api);
  folder = await newFolder();
  service = await startService();
  [serve] = (await freePorts(1)) as [number];
}, 900_000);

afterAll(async () => {
  await service?.close();
  await folder?.remove();
  api?.close();
  await cluster?.stop();
});

const caFile = (): string => join(folder.path, 'ca.crt');

/** On the same port and with the same authority each time, as behind a Service. */
async function startOperator(more: readonly string[] = []): Promise<OperatorProcess> {
  const operator = new OperatorProcess([
    `--kubeconfig=${cluster.kubeconfigPath}`,
    `--namespace=${space.name}`,
    `--ca-file=${caFile()}`,
    `--serve=127.0.0.1:${serve}`,
    '--admin=127.0.0.1:0',
    ...(more.length > 0 ? more : ['--webhook', 'none']),
  ]);
  await operator.logged('listening');
  await until('the operator is ready', async () => (await operator.ask('/readyz')).status === 200, 30_000);
  return operator;
}

async function startSidecarOf(pod: TestObject): Promise<SidecarProcess> {
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid };
  const spec = { audiences: ['fusebox'], expirationSeconds: 600, boundObjectRef };
  const { status } = await space.create('serviceaccounts/default/token', { spec });
  const token = join(folder.path, `token-${pod.metadata.name}`);
  await writeFile(token, (status as unknown as { token: string }).token);
  const flags = ['--operator', `https://127.0.0.1:${serve}`, '--token', token, '--ca', caFile()];
  return startSidecar({ upstream: service.port, flags });
}

const policy = (unmatched: 'Allow' | 'Refuse'): Record<string, string> => ({
  'policy.yaml': JSON.stringify({ inbound: { unmatched } }),
});
const untilAnswer = (sidecar: SidecarProcess, status: number): Promise<unknown> =>
  until(`the sidecar answers ${status}`, async () => statusOf(await ask(sidecar.inbound, get('/'))) === status, 30_000);
const untilSpokenOf = (edited: TestObject): Promise<unknown> =>
  until(
    'status speaks of the edit',
    async () => {
      const live = await space.get('LiveConfig', edited.metadata.name);
      const { observedResourceVersion, programmed } = live?.status ?? {};
      return observedResourceVersion === edited.metadata.resourceVersion && programmed === '1/1';
    },
    30_000,
  );

test('an edit of a ConfigMap is enforced in a sidecar, and goes on being so whatever becomes of the operator', async () => {
  const pod = await space.createPod('users-1', { app: 'users' });
  const first = await startOperator();
  await using sidecar = await startSidecarOf(pod);
  await untilAnswer(sidecar, 200);
  await untilSpokenOf(await space.applyConfigMap('config', policy('Refuse')));
  await untilAnswer(sidecar, 404);

  first.signal('SIGKILL');
  await first.exited;
  await space.applyConfigMap('config', policy('Allow'));
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(404);
  const second = await startOperator();
  await untilAnswer(sidecar, 200);

  // Bad while nobody looks: what was good before stays.
  const good = await space.applyConfigMap('config', policy('Refuse'));
  await untilSpokenOf(good);
  await until('the settings are saved', async () => (await space.list('ControllerRevision')).length === 1);
  second.signal('SIGTERM');
  expect(await second.exited).toBe(0);
  await space.applyConfigMap('config', { 'policy.yaml': 'inbound: [' });
  const third = await startOperator();
  await space.untilCondition('LiveConfig', 'config', 'Accepted', 'False Invalid');
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(404);
  await untilSpokenOf(await space.applyConfigMap('config', policy('Allow')));
  await untilAnswer(sidecar, 200);
  third.signal('SIGTERM');
  expect(await third.exited).toBe(0);
}, 120_000);

test('bytes of a ConfigMap reach the service beside a sidecar, and go with the ConfigMap', async () => {
  await using operator = await startOperator();
  const pod = await space.createPod('logo-1', { app: 'logo' });
  await using sidecar = await startSidecarOf(pod);
  const bytes = randomBytes(900_000);
  const metadata = { name: 'logo', labels: { [CONFIG_LABEL]: 'true' } };
  await space.create('configmaps', { metadata, binaryData: { 'logo.png': bytes.toString('base64') } });
  const fetched = async (): Promise<{ status: number; body: Buffer }> => {
    const response = await fetch(`http://127.0.0.1:${sidecar.local}/config/logo.png`);
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  };
  await until('they are there', async () => (await fetched()).status === 200, 30_000);
  expect((await fetched()).body.equals(bytes)).toBe(true);
  const metrics = (await operator.ask('/metrics')).text;
  expect(metrics).toContain('fusebox_operator_blob_bytes 900000\n');
  expect(metrics).toContain('fusebox_operator_blobs_sent_total 1\n');
  await space.delete('ConfigMap', 'logo');
  await until('they have gone', async () => (await fetched()).status === 404, 30_000);
}, 60_000);

test('a bad edit is refused in the editor, by a webhook whose caBundle the operator keeps', async () => {
  const [webhook] = (await freePorts(1)) as [number];
  const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };
  const made = await api.call('POST', configurations, {
    metadata: { name: space.name },
    webhooks: [
      {
        name: 'validate.fusebox.dev',
        clientConfig: { url: `https://127.0.0.1:${webhook}/v1/validate` },
        rules: [rule],
        objectSelector: { matchLabels: { 'fusebox.dev/config': 'true' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
      },
    ],
  });
  expect(made.status).toBe(201);
  const more = ['--webhook', `127.0.0.1:${webhook}`, '--webhook-configuration', space.name];
  await using operator = await startOperator(more);
  await operator.logged('the webhook configuration trusts the present certificates');
  const bad = { 'policy.yaml': 'inbound: {defaults: {timeout: soon}}' };
  let refusal = '';
  const refused = async (): Promise<boolean> => {
    refusal = await space.applyConfigMap('edited', bad).then(() => 'it was taken', String);
    return refusal.includes('422');
  };
  await until('the edit is refused', refused, 30_000);
  expect(refusal).toContain('inbound.defaults.timeout: ');
  await api.call('DELETE', `${configurations}/${space.name}`);
}, 60_000);

test('a role that is missing is told, and ready it is not', async () => {
  await space.create('serviceaccounts', { metadata: { name: 'poor' } });
  const { status } = await space.create('serviceaccounts/poor/token', { spec: {} });
  const { server, ca } = readKubeconfig(cluster.kubeconfigPath);
  const kubeconfig = join(folder.path, 'poor.kubeconfig');
  writeKubeconfig(kubeconfig, { server, ca, token: (status as unknown as { token: string }).token });
  await using operator = new OperatorProcess([
    `--kubeconfig=${kubeconfig}`,
    '--serve=none',
    '--webhook=none',
    '--admin=127.0.0.1:0',
  ]);
  await operator.logged('listening');
  const refused = await operator.logged('cannot watch; what was seen last stays in force');
  expect(refused).toMatchObject({
    level: 'warn',
    error: { code: 'Forbidden', message: expect.stringMatching(/^list \w+: .* cannot list resource/) },
  });
  expect((await operator.ask('/readyz')).status).toBe(503);
  expect((await operator.ask('/livez')).status).toBe(200);
  expect((await operator.ask('/metrics')).text).toMatch(/fusebox_operator_watch_failing\{resource="pods"\} [1-9]/);
});

test('of two replicas one writes; when it stops, the other does at once', async () => {
  const lease = ['--lease', `${space.name}/fusebox-operator`, '--advertise', '127.0.0.1'];
  const ports = await freePorts(2);
  const replica = (relay: number, more: readonly string[]): OperatorProcess =>
    new OperatorProcess([
      `--kubeconfig=${cluster.kubeconfigPath}`,
      `--namespace=${space.name}`,
      '--webhook=none',
      '--admin=127.0.0.1:0',
      `--relay=127.0.0.1:${relay}`,
      ...lease,
      ...more,
    ]);
  await using one = replica(ports[0]!, ['--serve', '127.0.0.1:0']);
  await one.logged('this replica writes');
  await using other = replica(ports[1]!, ['--serve', '127.0.0.1:0']);
  await other.logged('listening');
  one.signal('SIGTERM');
  expect(await one.exited).toBe(0);
  await other.logged('this replica writes');
  const { metadata } = await space.apply('FeatureFlagSet', 'flags', { flags: { a: true } });
  expect(metadata.generation).toBe(1);
  await space.untilCondition('FeatureFlagSet', 'flags', 'Accepted', 'True Accepted');
  const told = async (): Promise<boolean> => {
    const { body } = await api.call('GET', `/apis/events.k8s.io/v1/namespaces/${space.name}/events`);
    const { items } = body as { items: { regarding: { kind: string; name: string }; reason: string }[] };
    return items.some(({ regarding, reason }) => regarding.name === 'flags' && reason === 'Accepted');
  };
  await until('an Event says so, too', told);
}, 60_000);
