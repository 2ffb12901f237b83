/** The charts on a real API server: what is installed, what an upgrade leaves alone, and what stays when they are removed. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { newAuthority } from '@fusebox/operator/pki/authority.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readKubeconfig, writeKubeconfig } from './cluster/api/kubeconfig.ts';
import { freePorts } from './cluster/own/free-ports.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { helm, kubectl, object } from './e2e/commands.ts';
import { OperatorProcess } from './support/operator-process.ts';
import { type ChartObject, runHelm, type Webhook } from './support/rendered-chart.ts';
import { newFolder } from './support/settings.ts';
import { until } from './support/until.ts';

const CHARTS = resolve(import.meta.dirname, '../charts');
const PREVIOUS = '0.0.9';
const SHOP = 'shop';
const INTO = ['--namespace', 'fusebox', '--create-namespace'];

let cluster: TestCluster;
let folder: Awaited<ReturnType<typeof newFolder>>;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster();
  process.env['KUBECONFIG'] = cluster.kubeconfigPath;
  folder = await newFolder();
  for (const chart of ['fusebox-crds', 'fusebox']) {
    const version = ['--version', PREVIOUS, '--app-version', PREVIOUS];
    await helm(['package', join(CHARTS, chart), ...version, '--destination', folder.path]);
  }
  await kubectl(['create', 'namespace', SHOP]);
}, 900_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await folder?.remove();
  await cluster?.stop();
}, 60_000);

const packaged = (chart: string): string => join(folder.path, `${chart}-${PREVIOUS}.tgz`);
const fusebox = <T = ChartObject>(...wanted: string[]): Promise<T> => object<T>('-n', 'fusebox', ...wanted);

async function apply(namespace: string, kind: string, name: string, rest: object): Promise<void> {
  const apiVersion = kind === 'ConfigMap' ? 'v1' : 'fusebox.dev/v1alpha1';
  const { labels, ...body } = { labels: {}, ...rest };
  const manifest = { apiVersion, kind, metadata: { name, labels }, ...body };
  await kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(manifest));
}

test('both are installed, and tell the next step', async () => {
  await helm(['install', 'fusebox-crds', packaged('fusebox-crds'), '--wait']);
  const said = await helm(['install', 'fusebox', packaged('fusebox'), ...INTO, '--set', 'sidecar.drainDelay=7s']);
  expect(said).toContain(`The operator of Fusebox ${PREVIOUS} is being started in namespace fusebox.`);
  expect(said).toContain('rollout status deployment/fusebox-operator');
  expect(said).not.toContain('were not found');
  const { spec, metadata } = await fusebox('sidecarprofile/default');
  expect(spec).toMatchObject({ drainDelay: '7s', resources: { requests: { memory: '64Mi' } } });
  expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/version': PREVIOUS });
  const pods = async (): Promise<number> => (await fusebox<{ items: unknown[] }>('pods')).items.length;
  await until('its pods are there, past its own webhooks', async () => (await pods()) === 2, 30_000);
}, 120_000);

test('everything that values can switch on is taken by the API server', async () => {
  const sets = ['networkPolicy.enabled=true', 'monitoring.grafanaDashboard.enabled=true', 'certificates.secret=tls'];
  const { text } = runHelm([
    'template',
    'all',
    join(CHARTS, 'fusebox'),
    ...INTO,
    ...sets.flatMap((set) => ['--set', set]),
  ]);
  const said = await kubectl(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-'], text);
  expect(said.match(/serverside-applied \(server dry run\)/g)).toHaveLength(13);
  const sample = runHelm(['template', 'users', join(CHARTS, 'sample-service'), '--namespace', SHOP]).text;
  expect(await kubectl(['apply', '--dry-run=server', '-f', '-'], sample)).toContain('deployment.apps/users created');
}, 120_000);

const APP = { name: 'app', image: 'none.invalid/app' };
const OPTED_IN = { metadata: { labels: { 'fusebox.dev/inject': 'true' } } };

/** No scheduler takes it. */
async function createPod(
  name: string,
  { metadata, ...spec }: { metadata: object } & Record<string, unknown>,
): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name },
    spec: { schedulerName: 'none', containers: [APP], ...spec },
  };
  await kubectl(['-n', SHOP, 'create', '-f', '-'], JSON.stringify(pod));
}

test('while no operator answers, pods that ask for a sidecar wait, and no others do', async () => {
  await createPod('plain', { metadata: {} });
  await expect(createPod('waiting', OPTED_IN)).rejects.toThrow('pods.inject.fusebox.dev');
}, 60_000);

/** As the pods of the chart run, but on this machine. */
async function startOperator(): Promise<OperatorProcess> {
  const token = await kubectl(['-n', 'fusebox', 'create', 'token', 'fusebox-operator']);
  const { server, ca } = readKubeconfig(cluster.kubeconfigPath);
  const kubeconfig = join(folder.path, 'operator.kubeconfig');
  writeKubeconfig(kubeconfig, { server, ca, token: token.trim() });
  const { spec } = await fusebox('deployment/fusebox-operator');
  const { args = [] } = spec.template.spec.containers[0]!;
  const [relay] = (await freePorts(1)) as [number];
  const here = ['--serve=127.0.0.1:0', '--webhook=127.0.0.1:0', '--admin=127.0.0.1:0', `--relay=127.0.0.1:${relay}`];
  const place = [`--kubeconfig=${kubeconfig}`, '--namespace=fusebox', '--advertise=127.0.0.1'];
  const asHere = args.map((option) => option.replace('/etc/fusebox/tls', folder.path));
  return new OperatorProcess([...asHere, ...place, ...here, '--operator-url=https://127.0.0.1:4150']);
}

/** The caBundle of each webhook. */
async function bundles(): Promise<(string | undefined)[]> {
  const kinds = ['mutatingwebhookconfiguration/fusebox', 'validatingwebhookconfiguration/fusebox'];
  const all = await Promise.all(kinds.map((kind) => object<{ webhooks: Webhook[] }>(kind)));
  return all.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle));
}

const isTrusted = async (): Promise<boolean> => (await bundles()).every((bundle) => (bundle ?? '') !== '');

const SETTINGS = { labels: { 'fusebox.dev/config': 'true' }, data: { 'flags.yaml': 'flags: {new_search: true}' } };

test("the ServiceAccount of the chart may do all that the chart's command line asks for", async () => {
  operator = await startOperator();
  await operator.logged('this replica writes');
  await until(
    'it is ready, and denied nothing',
    async () => (await operator.ask('/readyz')).text === 'ready\n',
    30_000,
  );
  await until('the API server trusts it', isTrusted, 30_000);
  await apply(SHOP, 'ResiliencePolicy', 'users', { spec: { inbound: { defaults: { timeout: '2s' } } } });
  await apply(SHOP, 'ConfigMap', 'users-config', SETTINGS);
  await kubectl(['-n', SHOP, 'wait', '--for=condition=Accepted', 'resiliencepolicy/users', '--timeout=30s']);
  await until('its settings were accepted', accepted, 30_000);
  await createPod('injected', {
    metadata: { annotations: { 'fusebox.dev/injected': 'test/0' } },
    initContainers: [{ ...APP, name: 'fusebox', restartPolicy: 'Always' }],
  });
  const told = (): Promise<boolean> => kubectl(['-n', SHOP, 'get', 'configmap/fusebox-ca']).then(Boolean, () => false);
  await until('its sidecars are told what to trust', told, 30_000);
  expect((await operator.ask('/readyz')).text).toBe('ready\n');
}, 120_000);

async function accepted(): Promise<boolean> {
  const path = 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}';
  return (await kubectl(['-n', SHOP, 'get', 'liveconfig', 'users-config', '-o', path]).catch(() => '')) === 'True';
}

const KEPT = [
  ['crd/resiliencepolicies.fusebox.dev'],
  ['-n', SHOP, 'resiliencepolicy/users'],
  ['-n', SHOP, 'liveconfig/users-config'],
  ['-n', 'fusebox', 'sidecarprofile/default'],
  ['-n', 'fusebox', 'secret/fusebox-ca'],
  ['-n', 'fusebox', 'lease/fusebox-operator'],
  ['mutatingwebhookconfiguration/fusebox'],
  ['validatingwebhookconfiguration/fusebox'],
];
const uids = (): Promise<string[]> =>
  Promise.all(KEPT.map((wanted) => kubectl(['get', ...wanted, '-o', 'jsonpath={.metadata.uid}'])));

test('an upgrade keeps objects, certificates, and how sidecars run', async () => {
  const authority = async (): Promise<object> => (await fusebox('secret/fusebox-ca')).data;
  const before = { uids: await uids(), bundles: await bundles(), authority: await authority() };
  // Somebody set this by hand, and no value speaks of it.
  const byHand = JSON.stringify({ spec: { startupTimeout: '3s' } });
  await kubectl(['-n', 'fusebox', 'patch', 'sidecarprofile/default', '--type=merge', '-p', byHand]);

  await helm(['upgrade', 'fusebox-crds', join(CHARTS, 'fusebox-crds')]);
  const more = ['--reset-then-reuse-values', '--set', 'sidecar.logLevel=debug'];
  await helm(['upgrade', 'fusebox', join(CHARTS, 'fusebox'), '--namespace', 'fusebox', ...more]);

  expect({ uids: await uids(), bundles: await bundles(), authority: await authority() }).toEqual(before);
  const { spec, metadata } = await fusebox('sidecarprofile/default');
  expect(spec).toMatchObject({ drainDelay: '7s', startupTimeout: '3s', logLevel: 'debug' });
  expect(metadata.labels?.['app.kubernetes.io/version']).not.toBe(PREVIOUS);
  const { spec: deployment } = await fusebox('deployment/fusebox-operator');
  expect(deployment.template.spec.containers[0]!.image).not.toContain(PREVIOUS);
  expect((await operator.ask('/readyz')).text).toBe('ready\n');
}, 120_000);

test('with a Secret of somebody else it may read none, and lacks nothing', async () => {
  operator.signal('SIGTERM');
  await operator.exited;
  const { issue, own } = newAuthority('company', Date.now());
  const { certificate, key } = issue({ name: 'operator', hosts: ['fusebox-operator.fusebox.svc'] });
  const files = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': own.certificate };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  const more = ['--namespace', 'fusebox', '--reset-then-reuse-values', '--set', 'certificates.secret=tls'];
  await helm(['upgrade', 'fusebox', join(CHARTS, 'fusebox'), ...more]);
  const account = '--as=system:serviceaccount:fusebox:fusebox-operator';
  const may = kubectl(['-n', 'fusebox', 'auth', 'can-i', 'get', 'secret/fusebox-ca', account]);
  await expect(may).rejects.toThrow();
  operator = await startOperator();
  await operator.logged('this replica writes');
  const bundle = Buffer.from(own.certificate).toString('base64');
  await until('the API server trusts it', async () => (await bundles()).every((one) => one === bundle), 30_000);
  const path = String.raw`jsonpath={.data.ca\.crt}`;
  const told = (): Promise<string> => kubectl(['-n', SHOP, 'get', 'configmap/fusebox-ca', '-o', path]);
  await until('sidecars are told', async () => (await told()) === own.certificate, 30_000);
  expect((await operator.ask('/readyz')).text).toBe('ready\n');
}, 120_000);

/** All that is there of Fusebox and of those who use it. Events and what Kubernetes makes by itself do not count. */
async function present(): Promise<string[]> {
  const kinds = (await kubectl(['api-resources', '--verbs=list', '-o', 'name'])).trim().split('\n');
  const counted = kinds.filter((kind) => !/^(events|componentstatuses|apiservices)/.test(kind)).join(',');
  const format = 'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
  const lines = (await kubectl(['get', counted, '-A', '-o', format])).trim().split('\n');
  const others = /kube-root-ca.crt$|^ServiceAccount \w+\/default$|^Namespace /;
  return lines.filter((line) => /fusebox|\bshop\//.test(line) && !others.test(line)).toSorted();
}

/** Names that a digest or chance ends. */
const named = (line: string): string =>
  line.replace(/^(Lease fusebox\/fusebox-operator-replica|ControllerRevision shop\/fusebox)-.*$/, '$1-…');

async function untilPresent(wanted: readonly string[]): Promise<void> {
  let last: string[] = [];
  const look = async (): Promise<boolean> => {
    last = [...new Set((await present()).map(named))];
    return last.length === wanted.length;
  };
  await until('only what is wanted is left', look, 60_000).catch(() => {});
  expect(last).toEqual(wanted);
}

test('helm uninstall leaves what people wrote, what sidecars go on with, and nothing that keeps pods waiting', async () => {
  await helm(['uninstall', 'fusebox', '--namespace', 'fusebox']);
  operator.signal('SIGTERM');
  await operator.exited;
  await helm(['uninstall', 'fusebox-crds']);
  await createPod('late', OPTED_IN);
  await untilPresent([
    'ConfigMap shop/fusebox-ca',
    'ConfigMap shop/users-config',
    'ControllerRevision shop/fusebox-…',
    'CustomResourceDefinition /featureflagsets.fusebox.dev',
    'CustomResourceDefinition /liveconfigs.fusebox.dev',
    'CustomResourceDefinition /resiliencepolicies.fusebox.dev',
    'CustomResourceDefinition /sidecarprofiles.fusebox.dev',
    'Lease fusebox/fusebox-operator',
    'Lease fusebox/fusebox-operator-replica-…',
    'LiveConfig shop/users-config',
    'Pod shop/injected',
    'Pod shop/late',
    'Pod shop/plain',
    'ResiliencePolicy shop/users',
    'Secret fusebox/fusebox-ca',
  ]);
}, 120_000);

test('installed again, it has the authority that it had', async () => {
  const before = (await fusebox('secret/fusebox-ca')).data;
  await helm(['upgrade', '--install', 'fusebox-crds', join(CHARTS, 'fusebox-crds')]);
  await helm(['upgrade', '--install', 'fusebox', join(CHARTS, 'fusebox'), ...INTO]);
  operator = await startOperator();
  // Nobody could give back the Lease of the one before: its roles were gone.
  await until('the API server trusts it', isTrusted, 90_000);
  expect((await fusebox('secret/fusebox-ca')).data).toEqual(before);
  await helm(['uninstall', 'fusebox', '--namespace', 'fusebox']);
  operator.signal('SIGTERM');
  await operator.exited;
  await helm(['uninstall', 'fusebox-crds']);
}, 120_000);

/** The lines of charts/README.md that remove the rest. */
function removal(): string[] {
  const text = readFileSync(join(CHARTS, 'README.md'), 'utf8');
  return text.split('\n').filter((line) => line.startsWith('kubectl delete '));
}

test('what the README says of removing the rest removes it', async () => {
  expect(removal().length).toBeGreaterThan(0);
  for (const line of removal()) await kubectl(line.split(' ').slice(1));
  await untilPresent(['ConfigMap shop/users-config', 'Pod shop/injected', 'Pod shop/late', 'Pod shop/plain']);
}, 120_000);
