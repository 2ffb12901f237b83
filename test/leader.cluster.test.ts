/** Elections on the real API server, by the clients and clocks that the operator has. */
import { randomBytes } from 'node:crypto';
import { type KubeClient, newKubeClient } from '@fusebox/operator/kube/client.ts';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { Election } from '@fusebox/operator/kube/leader.ts';
import { leases } from '@fusebox/operator/kube/lease.ts';
import { systemClock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { until } from './support/until.ts';

const { kubeconfigPath } = inject('cluster');
const api = new ApiClient(readKubeconfig(kubeconfigPath));
const namespace = `leader-${randomBytes(4).toString('hex')}`;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const clients: KubeClient[] = [];

beforeAll(() => api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } }));
afterAll(async () => {
  for (const client of clients) await client.close();
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

/** A candidate with a connection of its own. The times are those of Kubernetes, or a tenth of them. */
function candidate(name: string, lease: string, scale = 1): { election: Election; kill(): Promise<void> } {
  const client = newKubeClient(connectionFrom(kubeconfigPath));
  clients.push(client);
  let alive = true;
  const election = new Election({
    client,
    lease: { namespace, name: lease },
    identity: name,
    address: `${name}.example:8444`,
    clock: systemClock,
    timers: { after: (delayMs, run) => systemTimers.after(delayMs, () => alive && run()) },
    random: Math.random,
    log: quiet,
    onLeading: () => {},
    times: { leaseMs: 15_000 * scale, renewMs: 10_000 * scale, retryMs: 2_000 * scale },
  });
  election.start();
  const kill = async (): Promise<void> => {
    alive = false;
    await client.close();
  };
  return { election, kill };
}

const leaseOf = (lease: string) => clients.at(-1)!.get(leases, namespace, lease);

test('one of three leads, its address is on the Lease, and a clean stop hands over', async () => {
  const all = ['a', 'b', 'c'].map((name) => candidate(name, 'clean', 0.2));
  const leading = () => all.filter(({ election }) => election.leads);
  await until('one leads', () => leading().length === 1);
  const [first] = leading();
  await until('all know it', () => all.every(({ election }) => election.leader !== null));
  const { identity, address } = first!.election.leader!;
  expect(address).toBe(`${identity}.example:8444`);
  expect(all.map(({ election }) => election.leader)).toEqual(all.map(() => ({ identity, address })));
  expect(await leaseOf('clean')).toMatchObject({
    metadata: { annotations: { 'fusebox.dev/relay': address } },
    spec: { holderIdentity: identity, leaseDurationSeconds: 3, leaseTransitions: 0 },
  });

  const startMs = systemClock.nowMs();
  await first!.election.stop();
  expect(first!.election.leads).toBe(false);
  await until('another one leads', () => leading().length === 1);
  process.stderr.write(`clean hand-over: ${Math.round(systemClock.nowMs() - startMs)} ms at a fifth of the times\n`);
  expect(await leaseOf('clean')).toMatchObject({ spec: { leaseTransitions: 1 } });
  for (const { election } of all) await election.stop();
  expect(await leaseOf('clean')).toMatchObject({ spec: { holderIdentity: '' } });
});

test('somebody who writes an annotation or deletes the Lease does not end the leading', async () => {
  const { election } = candidate('a', 'edited', 0.2);
  const other = candidate('b', 'edited', 0.2);
  await until('one leads', () => election.leads || other.election.leads);
  const leader = election.leads ? election : other.election;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/edited`;
  const patch = { metadata: { annotations: { note: 'hello' } } };
  await api.call('PATCH', path, patch, 'application/merge-patch+json');
  const renewed = async (): Promise<unknown> => ((await leaseOf('edited'))!['spec'] as { renewTime: string }).renewTime;
  const before = await renewed();
  await until('it renews', async () => (await renewed()) !== before);
  expect(await leaseOf('edited')).toMatchObject({ metadata: { annotations: { note: 'hello' } } });
  expect(leader.leads).toBe(true);
  await election.stop();
  await other.election.stop();
});

test('a leader that is killed is replaced within 20 s', { timeout: 60_000 }, async () => {
  const first = candidate('first', 'killed');
  await until('it leads', () => first.election.leads);
  const second = candidate('second', 'killed');
  await until('the second one knows', () => second.election.leader?.identity === 'first');
  const startMs = systemClock.nowMs();
  await first.kill();
  await until('it is replaced', () => second.election.leads, 20_000);
  process.stderr.write(`killed → replaced: ${((systemClock.nowMs() - startMs) / 1000).toFixed(1)} s\n`);
  await second.election.stop();
});
