/**
 * What users of a service see while all around it changes: nothing. The pods share a PostgreSQL beside the cluster, as they would in
 * earnest. `FUSEBOX_E2E_LONG=1` makes it 20 restarts and 200 edits.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PostgresServer } from '../support/postgres-server.ts';
import { until } from '../support/until.ts';
import { clusterUrl, installFusebox, installSample, OPERATOR_NAMESPACE, upgradeFusebox } from './charts.ts';
import { kubectl, object } from './commands.ts';
import { followLog } from './followed-log.ts';
import { hostAddress } from './host-address.ts';
import { SteadyLoad } from './load/steady-load.ts';

/** Failures that are shown (count). */
const SHOWN = 10;
const LONG = process.env['FUSEBOX_E2E_LONG'] === '1';
const RESTARTS = LONG ? 20 : 2;
const EDITS = LONG ? 200 : 20;
/** Eight clients, at most 60 requests/s in all: fewer where the machine has much to do. */
const LOAD = { clients: 8, pauseMs: 130 };
const NAMESPACE = 'steady';
/** Of the images that main.ts makes beside those of this version: the same programs, by another name. */
const NEXT = 'next';

let postgres: PostgresServer;
let load: SteadyLoad;
/** What happened when, for whoever looks for the cause of a failure. */
const happened: string[] = [];
const note = (what: string): void => void happened.push(`${new Date().toISOString()} ${what}`);

beforeAll(async () => {
  postgres = await PostgresServer.start([], hostAddress());
  await installFusebox();
  await installSample(NAMESPACE, [
    'standIns.enabled=false',
    'seedUsers=20',
    'settings.server\\.workers=1',
    // A machine that is busy with other things must not look like a service that fails.
    'settings.database\\.max_wait_ms=10000',
    'policy.inbound.defaults.timeout=20s',
    'policy.inbound.defaults.concurrency.queue.timeout=10s',
    `urls.database=${postgres.newDatabase(hostAddress())}`,
  ]);
  await kubectl(['create', 'namespace', 'load']);
  load = await SteadyLoad.start({
    namespace: 'load',
    target: await clusterUrl(NAMESPACE, 'users'),
    ...LOAD,
  });
}, 180_000);

afterAll(async () => {
  await kubectl(['delete', 'namespace', 'load', NAMESPACE, '--wait=false']);
  await postgres[Symbol.asyncDispose]();
}, 120_000);

let told = 0;
afterEach(async () => {
  const failures = await load.failures();
  const fresh = failures.slice(told);
  told = failures.length;
  expect(fresh.slice(0, SHOWN), `${fresh.length} failures; ${happened.join('\n')}`).toEqual([]);
});

const shop = (...args: string[]): Promise<string> => kubectl(['-n', NAMESPACE, ...args]);

async function restart(): Promise<void> {
  note('restart');
  await shop('rollout', 'restart', 'deployment/users');
  await shop('rollout', 'status', 'deployment/users', '--timeout=90s');
  note('restarted');
}

const pods = async (): Promise<PodList['items']> =>
  (await object<PodList>('-n', NAMESPACE, 'pods', '-l', 'app.kubernetes.io/name=users')).items;

/** They serve until their end, which comes later than that of the rollout. */
const oldPodsGone = (): Promise<unknown> =>
  until('the old pods have ended', async () => (await pods()).length === 2, 60_000);

interface PodList {
  items: { metadata: { name: string }; spec: { initContainers: { image: string }[] } }[];
}

interface ConfigMap {
  data: Record<string, string>;
}

/** Another value of a flag, a deadline and a setting of the service, in one edit. */
async function edit(turn: number): Promise<void> {
  const { data, ...rest } = await object<ConfigMap>('-n', NAMESPACE, 'configmap/users-config');
  const flag = `$1${turn % 2 === 0}`;
  const next = {
    ...data,
    'flags.yaml': data['flags.yaml']!.replace(/(enable_profiles: )\w+/, flag),
    'policy.yaml': data['policy.yaml']!.replace(/^( +timeout: )\d+m?s$/m, `$1${20_000 + turn}ms`),
    'cache.ttl_seconds': String(30 + turn),
  };
  await kubectl(['apply', '-f', '-'], JSON.stringify({ ...rest, data: next }));
}

const inForce = (): Promise<string> =>
  shop('wait', '--for=condition=Programmed', 'liveconfig/users-config', '--timeout=30s');

describe('under steady load no request fails', () => {
  test(`${EDITS} edits of the ConfigMap`, async () => {
    for (let turn = 1; turn <= EDITS; turn++) await edit(turn);
    await inForce();
  }, 600_000);

  test(`${RESTARTS} rolling restarts`, async () => {
    for (let turn = 1; turn <= RESTARTS; turn++) await restart();
    await oldPodsGone();
  }, 1_200_000);

  test('the leading operator is killed, and the next one obeys an edit', async () => {
    const path = 'jsonpath={.spec.holderIdentity}';
    const identity = await kubectl(['-n', OPERATOR_NAMESPACE, 'get', 'lease/fusebox-operator', '-o', path]);
    // The name of the pod, and what tells its processes apart.
    const holder = identity.slice(0, identity.lastIndexOf('-'));
    note(`kill ${holder}`);
    await kubectl(['-n', OPERATOR_NAMESPACE, 'delete', 'pod', holder, '--grace-period=0', '--force']);
    await edit(EDITS + 1);
    await inForce();
  }, 120_000);

  test('the operator is upgraded', async () => {
    note('upgrade');
    await upgradeFusebox([`operator.image.tag=${NEXT}`]);
    await edit(EDITS + 2);
    await inForce();
  }, 180_000);

  test('the image of the sidecar is changed, and rolled out', async () => {
    const image = `ghcr.io/fusebox/sidecar:${NEXT}`;
    const profile = { apiVersion: 'fusebox.dev/v1alpha1', kind: 'SidecarProfile', metadata: { name: 'next' } };
    await kubectl(['-n', NAMESPACE, 'apply', '-f', '-'], JSON.stringify({ ...profile, spec: { image } }));
    await restart();
    await oldPodsGone();
    expect((await pods()).map(({ spec }) => spec.initContainers[0]!.image)).toEqual([image, image]);
  }, 180_000);

  test('a service starts after its sidecar and ends before it, and the drain comes first of all', async () => {
    await restart();
    await oldPodsGone();
    const { name } = (await pods())[0]!.metadata;
    const logs = Promise.all([followLog(NAMESPACE, name, 'fusebox'), followLog(NAMESPACE, name, 'users')]);
    await shop('delete', 'pod', name);
    const [sidecarLog, serviceLog] = await logs;
    expect(sidecarLog.msOf('listening')).toBeLessThan(serviceLog.firstMs);
    expect(sidecarLog.msOf('draining')).toBeLessThan(serviceLog.msOf('stopping'));
    expect(serviceLog.lastMs).toBeLessThan(sidecarLog.msOf('"ended"'));
    expect(serviceLog.endMs).toBeLessThan(sidecarLog.endMs);
    await shop('rollout', 'status', 'deployment/users', '--timeout=90s');
  }, 180_000);

  test('in the end', async () => {
    const { sum } = await load.stop();
    process.stdout.write(`steady load: ${JSON.stringify(sum)}\n`);
    expect(sum.failed).toBe(0);
  }, 90_000);
});
