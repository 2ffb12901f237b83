/** Replicas on the real API server: one leads, the others bring it what sidecars reported to them, also after it is killed. */
import { randomBytes } from 'node:crypto';
import type { Report } from '@fusebox/api/report.ts';
import { newKubeClient } from '@fusebox/operator/kube/client.ts';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { Certificates } from '@fusebox/operator/pki/certificates.ts';
import { newSecretKeeper } from '@fusebox/operator/pki/secret-keeper.ts';
import { ReplicatedPublisher } from '@fusebox/operator/relay/replicated-publisher.ts';
import { Replicas } from '@fusebox/operator/relay/replicas.ts';
import { systemClock as clock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { until } from './support/until.ts';

const { kubeconfigPath } = inject('cluster');
const api = new ApiClient(readKubeconfig(kubeconfigPath));
const namespace = `replicas-${randomBytes(4).toString('hex')}`;
const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

beforeAll(() => api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } }));
afterAll(async () => {
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

const reportOf = (digit: string): Report => ({
  format: 1,
  digest: `sha256:${digit.repeat(64)}`,
  revision: '',
  result: 'applied',
  reason: null,
  tookMs: 1,
  atWallMs: clock.wallMs(),
  version: '1.0.0',
  circuits: [],
});

/** A replica as the operator starts it, with a connection, timers and certificates of its own. */
async function replica(name: string) {
  const client = newKubeClient(connectionFrom(kubeconfigPath));
  const keeper = newSecretKeeper(client, namespace);
  const certificates = await Certificates.begin({ keeper, clock, hosts: ['localhost'] });
  const told: boolean[] = [];
  const changed: string[] = [];
  let alive = true;
  const publisher = new ReplicatedPublisher({ clock, events: { changed: (pod) => changed.push(pod) } });
  const replicas = await Replicas.start({
    client,
    lease: { namespace, name: 'fusebox-operator' },
    replica: name,
    listen: { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1' },
    keeper,
    certificates,
    publisher,
    clock,
    timers: { after: (delayMs, run) => systemTimers.after(delayMs, () => alive && run()) },
    random: Math.random,
    log: quiet,
    onMayWrite: (mayWrite) => told.push(mayWrite),
  });
  const serve = (pod: string, digit: string): void => {
    publisher.registry.opened(pod, { offer: () => {}, end: () => {} });
    publisher.registry.reported({ namespace, name: pod, uid: pod }, reportOf(digit));
  };
  /** Ends it as SIGKILL would: it says goodbye to nobody. */
  const kill = async (): Promise<void> => {
    alive = false;
    await client.close();
    await replicas.breakOff();
  };
  return { name, client, publisher, replicas, told, changed, serve, kill };
}

test('the leader knows all reports, and a killed one is replaced by one that does', { timeout: 90_000 }, async () => {
  const a = await replica('operator-a');
  await until('a replica that is alone leads and may write', () => a.replicas.mayWrite);
  const b = await replica('operator-b');
  const c = await replica('operator-c');
  b.serve('pod-b', '1');
  c.serve('pod-c', '2');
  await until('the leader hears of both', () => ['pod-b', 'pod-c'].every((pod) => a.publisher.acked(pod) !== null));
  expect(a.publisher.acked('pod-b')?.digest).toBe(reportOf('1').digest);
  expect(a.publisher.isConnected('pod-c')).toBe(true);
  expect(new Set(a.changed)).toEqual(new Set(['pod-b', 'pod-c']));
  expect([b, c].map(({ replicas, told }) => [replicas.leads, told])).toEqual([
    [false, []],
    [false, []],
  ]);
  const startMs = clock.nowMs();
  b.serve('pod-b', '3');
  await until('a new report reaches it', () => a.publisher.acked('pod-b')?.digest === reportOf('3').digest);
  process.stderr.write(`report at one replica → leader: ${(clock.nowMs() - startMs).toFixed(1)} ms\n`);

  const killedMs = clock.nowMs();
  await a.kill();
  const next = await until('another one leads', () => [b, c].find(({ replicas }) => replicas.leads), 20_000);
  const leadsMs = clock.nowMs() - killedMs;
  await until('it may write', () => next.replicas.mayWrite, 10_000);
  process.stderr.write(
    `killed → leads ${Math.round(leadsMs)} ms → may write ${Math.round(clock.nowMs() - killedMs)} ms\n`,
  );
  expect(['pod-b', 'pod-c'].map((pod) => next.publisher.acked(pod)?.digest)).toEqual(
    ['3', '2'].map((digit) => reportOf(digit).digest),
  );
  expect(next.told).toEqual([true]);

  const other = next === b ? c : b;
  const stoppedMs = clock.nowMs();
  await next.replicas.stop();
  expect(next.told).toEqual([true, false]);
  await until('the last one may write', () => other.replicas.mayWrite);
  process.stderr.write(`stopped → may write ${Math.round(clock.nowMs() - stoppedMs)} ms\n`);
  await other.replicas.stop();
  const { body } = await api.call('GET', leases);
  const names = (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
  // Only the killed one could not take its Lease away.
  expect(names.toSorted()).toEqual(['fusebox-operator', 'fusebox-operator-replica-operator-a']);
  for (const { client } of [b, c]) await client.close();
});
