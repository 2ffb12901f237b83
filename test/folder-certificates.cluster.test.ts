/** Operators whose certificates somebody else makes, as with cert-manager: the Secret is made by hand, and the test brings it to them as a kubelet does. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type Authority, newAuthority } from '@fusebox/operator/pki/authority.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { freePorts } from './cluster/own/free-ports.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { TestNamespace } from './support/cluster-objects.ts';
import { installKinds } from './support/install-kinds.ts';
import { OperatorProcess } from './support/operator-process.ts';
import { newFolder } from './support/settings.ts';
import { until } from './support/until.ts';

const REPLICAS = 3;

let cluster: TestCluster;
let api: ApiClient;
let space: TestNamespace;
let folder: Awaited<ReturnType<typeof newFolder>>;
const operators: OperatorProcess[] = [];
let ports: number[];

beforeAll(async () => {
  cluster = await startCluster();
  api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
  await installKinds(api);
  space = await TestNamespace.create(api);
  folder = await newFolder();
  ports = await freePorts(2 * REPLICAS);
}, 900_000);

afterAll(async () => {
  for (const operator of operators) await operator[Symbol.asyncDispose]();
  await folder?.remove();
  api?.close();
  await cluster?.stop();
}, 60_000);

const HOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const company = (): Authority => newAuthority('company', Date.now());
const tlsDir = (): string => join(folder.path, 'tls');

/** All at once: a link to the folder of this version is put in place of the one before. */
let version = 0;
function bring(authority: Authority): void {
  const { certificate, key } = authority.issue({ name: 'operator', hosts: ['localhost', '127.0.0.1'] });
  const files = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.own.certificate };
  const data = join(tlsDir(), `..${++version}`);
  mkdirSync(data, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text);
    if (version === 1) symlinkSync(join('..data', name), join(tlsDir(), name));
  }
  symlinkSync(data, join(tlsDir(), '..new'));
  renameSync(join(tlsDir(), '..new'), join(tlsDir(), '..data'));
}

async function startOperator(index: number): Promise<OperatorProcess> {
  const operator = new OperatorProcess([
    ...[`--kubeconfig=${cluster.kubeconfigPath}`, `--namespace=${space.name}`, `--tls-dir=${tlsDir()}`],
    ...[`--lease=${space.name}/fusebox-operator`, '--advertise=127.0.0.1', `--relay=127.0.0.1:${ports[index]}`],
    ...[`--serve=127.0.0.1:${ports[REPLICAS + index]}`, '--webhook=127.0.0.1:0', '--admin=127.0.0.1:0'],
    ...[`--webhook-configuration=${space.name}`],
  ]);
  operators.push(operator);
  await operator.logged('listening');
  return operator;
}

/** Whether a sidecar that trusts this authority would talk to the replica. */
function isTrusted(index: number, { own }: Authority): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: ports[REPLICAS + index]!, ca: own.certificate });
    const answer = (trusted: boolean) => () => {
      socket.destroy();
      resolve(trusted);
    };
    socket.on('secureConnect', answer(true)).on('error', answer(false));
  });
}

async function caBundle(): Promise<string> {
  const { body } = await api.call('GET', `${HOOKS}/${space.name}`);
  const { webhooks } = body as { webhooks: { clientConfig: { caBundle?: string } }[] };
  return Buffer.from(webhooks[0]!.clientConfig.caBundle ?? '', 'base64').toString();
}

test('replicas serve with what is there, know each other, tell the API server, and come over to what is renewed', async () => {
  const [first, next] = [company(), company()];
  bring(first);
  await api.call('POST', HOOKS, { metadata: { name: space.name }, webhooks: [IDLE_HOOK] });
  const leader = await startOperator(0);
  await leader.logged('this replica writes');
  const others = [await startOperator(1), await startOperator(2)];
  for (const index of [0, 1, 2]) expect(await isTrusted(index, first)).toBe(true);
  await until('the API server trusts it', async () => (await caBundle()) === first.own.certificate, 20_000);

  bring(next);
  for (const index of [0, 1, 2]) {
    await until(`replica ${index} serves the next one`, () => isTrusted(index, next), 20_000);
    expect(await isTrusted(index, first)).toBe(false);
  }
  const both = next.own.certificate + first.own.certificate;
  await until('the API server trusts both for a while', async () => (await caBundle()) === both, 20_000);

  // Whoever leads next writes no sooner than the other one has told it what it knows.
  leader.signal('SIGTERM');
  expect(await leader.exited).toBe(0);
  const writes = (): boolean =>
    others.some(({ lines }) => lines.some(({ message }) => message === 'this replica writes'));
  await until('another one writes', writes, 30_000);
  const found = await api.call('GET', `/api/v1/namespaces/${space.name}/secrets/fusebox-ca`);
  expect(found.status).toBe(404);
}, 120_000);

/** It is asked about nothing. */
const IDLE_HOOK = {
  name: 'validate.fusebox.dev',
  clientConfig: { url: 'https://127.0.0.1:9/validate' },
  rules: [{ apiGroups: ['none.invalid'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothing'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};

test('without the files it does not start, and says which one is missing', async () => {
  const operator = new OperatorProcess([`--kubeconfig=${cluster.kubeconfigPath}`, `--tls-dir=${folder.path}`]);
  operators.push(operator);
  expect(await operator.exited).toBe(1);
  expect(JSON.stringify(operator.lines)).toMatch(/no such file.*(tls\.crt|tls\.key|ca\.crt)/);
}, 60_000);
