/** A sidecar in real pods, for whoever works with them: what the service finds, what the user is told, and what happens without an operator. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresServer } from '../support/postgres-server.ts';
import { until } from '../support/until.ts';
import { installFusebox, installSample, OPERATOR_NAMESPACE } from './charts.ts';
import { fusebox, kubectl } from './commands.ts';
import { hostAddress } from './host-address.ts';

const SPACE = 'restricted';
const NODE = '/nodejs/bin/node';
const IMAGE = 'ghcr.io/fusebox/sample-service:0.1.0';

let postgres: PostgresServer;

const here = (...args: string[]): Promise<string> => kubectl(['-n', SPACE, ...args]);
const create = (object: object): Promise<string> => kubectl(['-n', SPACE, 'create', '-f', '-'], JSON.stringify(object));

/** What a program prints in the service's container, where there is no shell. */
const printed = (program: string): Promise<string> =>
  here('exec', 'deployment/users', '-c', 'users', '--', NODE, '-e', program);

beforeAll(async () => {
  postgres = await PostgresServer.start([], hostAddress());
  await installFusebox();
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SPACE, labels } }),
  );
  await installSample(SPACE, [
    'replicas=1',
    'standIns.enabled=false',
    'settings.server\\.workers=1',
    `urls.database=${postgres.newDatabase(hostAddress())}`,
  ]);
}, 180_000);

afterAll(async () => {
  await kubectl(['delete', 'namespace', SPACE, '--wait=false']);
  await postgres[Symbol.asyncDispose]();
}, 120_000);

/** Edits one key of the sample's ConfigMap. */
const edit = (key: string, value: string): Promise<string> =>
  here('patch', 'configmap/users-config', '--type=merge', '-p', JSON.stringify({ data: { [key]: value } }));

test('under Pod Security restricted, the service finds its settings as files and its flags by OFREP', async () => {
  await edit('cache.ttl_seconds', '42');
  const read = `console.log(require('node:fs').readFileSync(process.env.FUSEBOX_LIVE_FILES + '/cache.ttl_seconds', 'utf8'))`;
  await until('the file is there', async () => (await printed(read)).trim() === '42', 30_000);
  const ask = `fetch(process.env.OFREP_ENDPOINT + '/ofrep/v1/evaluate/flags/enable_profiles', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    .then((answer) => answer.json()).then(({ value }) => console.log(value))`;
  expect((await printed(ask)).trim()).toBe('false');
  await edit('flags.yaml', 'flags: { enable_profiles: true }');
  await until('the flag is on', async () => (await printed(ask)).trim() === 'true', 30_000);
}, 90_000);

test('kubectl fusebox tells what is in force, by a forwarded port', async () => {
  await here('wait', '--for=condition=Programmed', 'liveconfig/users-config', '--timeout=30s');
  const status = await fusebox(['status', '-n', SPACE]);
  expect(status.output).toContain('users-config');
  expect(status.output).toContain('1/1');
  expect(status.status).toBe(0);
  const flags = await fusebox(['flags', '-n', SPACE]);
  expect(flags.output).toMatch(/enable_profiles\s+true/);
  expect(flags.status).toBe(0);
  const check = await fusebox(['check']);
  expect(check.status, check.output).toBe(0);
}, 60_000);

test('the job of a CronJob ends beside its sidecar', async () => {
  const labels = { 'fusebox.dev/inject': 'true' };
  const template = { metadata: { labels }, spec: podSpec('Never', `console.log('done')`) };
  const spec = { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } };
  await create({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly' }, spec });
  await here('create', 'job', 'tonight', '--from=cronjob/nightly');
  await here('wait', '--for=condition=Complete', 'job/tonight', '--timeout=90s');
  expect(await here('logs', 'job/tonight', '-c', 'work')).toBe('done\n');
}, 120_000);

test('a Service with a number leads past the sidecar, and status says so', async () => {
  const spec = { selector: { 'app.kubernetes.io/name': 'users' }, ports: [{ port: 81, targetPort: 8080 }] };
  await create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'by-number' }, spec });
  await degraded('lc/users-config', 'Bypassed');
  expect((await fusebox(['status', 'lc/users-config', '-n', SPACE])).output).toContain('by-number');
  await here('delete', 'service/by-number');
  await degraded('lc/users-config', 'Healthy');
}, 90_000);

test('without an operator, pods that ask wait and others do not; one that may come without its sidecar is reported', async () => {
  await create(ours('ResiliencePolicy', 'everybody', { mode: 'Shadow' }));
  await operators(0);
  await expect(create(pod('asking', 'true'))).rejects.toThrow('pods.inject.fusebox.dev');
  await create(pod('plain', 'false'));
  await failurePolicy('Ignore');
  await create(pod('asking', 'true'));
  await operators(2);
  await failurePolicy('Fail');
  await degraded('rp/everybody', 'NotInjected');
  expect((await fusebox(['status', 'rp/everybody', '-n', SPACE])).output).toMatch(/without a sidecar: asking;/);
}, 180_000);

/** Waits for the reason of the condition Degraded. */
const degraded = (name: string, reason: string): Promise<string> =>
  here('wait', `--for=jsonpath={.status.conditions[?(@.type=="Degraded")].reason}=${reason}`, name, '--timeout=60s');

async function operators(count: number): Promise<void> {
  const there = (...args: string[]): Promise<string> => kubectl(['-n', OPERATOR_NAMESPACE, ...args]);
  await there('scale', 'deployment/fusebox-operator', `--replicas=${count}`);
  if (count > 0) await there('rollout', 'status', 'deployment/fusebox-operator', '--timeout=60s');
  else await there('wait', '--for=delete', 'pod', '-l', 'app.kubernetes.io/component=operator', '--timeout=60s');
}

/** As `injection.failurePolicy` of the chart says it. */
const failurePolicy = (policy: 'Fail' | 'Ignore'): Promise<string> => {
  const changes = [0, 1].map((index) => ({ op: 'replace', path: `/webhooks/${index}/failurePolicy`, value: policy }));
  return kubectl(['patch', 'mutatingwebhookconfiguration/fusebox', '--type=json', '-p', JSON.stringify(changes)]);
};

const ours = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'fusebox.dev/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

const pod = (name: string, inject: 'true' | 'false'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { 'fusebox.dev/inject': inject } },
  spec: podSpec('Always', 'setInterval(() => {}, 1e6)'),
});

/** A program in a container that Pod Security `restricted` admits. */
const podSpec = (restartPolicy: 'Always' | 'Never', program: string): object => ({
  restartPolicy,
  terminationGracePeriodSeconds: 0,
  containers: [
    {
      name: 'work',
      image: IMAGE,
      command: [NODE, '-e', program],
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  ],
});
