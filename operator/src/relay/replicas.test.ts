import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock } from '@fusebox/runtime/system-clock.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { KubeObject } from '../kube/resource.ts';
import { newMemoryKeeper } from '../pki/authority-keeper.ts';
import { Certificates } from '../pki/certificates.ts';
import { FakeLeaseServer } from '../testing/fake-lease-server.ts';
import { FakeTime } from '../testing/fake-time.ts';
import { ReplicatedPublisher } from './replicated-publisher.ts';
import { Replicas } from './replicas.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A replica that is alone, and the Leases of replicas that the API server shows it. */
async function begin({ port = 0, present = [] as string[], reachable = true } = {}) {
  const time = new FakeTime();
  const keeper = newMemoryKeeper();
  const certificates = await Certificates.begin({ keeper, clock: systemClock, hosts: ['operator'] });
  const told: boolean[] = [];
  const shown = { present };
  const leaseOf = (holderIdentity: string): KubeObject => ({
    metadata: { name: holderIdentity },
    spec: { holderIdentity, leaseDurationSeconds: 12, renewTime: 'then' },
  });
  const start = (): Promise<Replicas> =>
    Replicas.start({
      client: {
        ...new FakeLeaseServer().client(async (request) => request()),
        apply: async (_, object) => {
          if (!reachable) throw new KubeError('Unreachable', 'no answer');
          return object;
        },
        delete: async () => true,
        list: async () => ({ items: ['me', ...shown.present].map(leaseOf), resourceVersion: '1', continue: null }),
      },
      lease: { namespace: 'fusebox-system', name: 'fusebox-operator' },
      replica: 'me',
      listen: { host: '127.0.0.1', port, advertisedHost: '127.0.0.1' },
      keeper,
      certificates,
      publisher: new ReplicatedPublisher({ clock: time, events: { changed: () => {} } }),
      clock: { nowMs: time.nowMs.bind(time), wallMs: systemClock.wallMs },
      timers: time,
      random: () => 0,
      log: quiet,
      onMayWrite: (mayWrite) => told.push(mayWrite),
    });
  return { time, told, shown, start };
}

test('a leader that is alone may write; after stop it may not', async () => {
  const { time, told, start } = await begin();
  const replicas = await start();
  await time.pass(10);
  expect([replicas.leads, replicas.mayWrite, told]).toEqual([true, true, [true]]);
  await replicas.stop();
  expect([replicas.leads, replicas.mayWrite, told]).toEqual([false, false, [true, false]]);
});

test('a leader waits for a replica that says nothing until its Lease has run out', async () => {
  const { time, told, start } = await begin({ present: ['silent'] });
  const replicas = await start();
  await time.pass(11_000);
  expect([replicas.leads, replicas.mayWrite]).toEqual([true, false]);
  await time.pass(2_000);
  expect([replicas.mayWrite, told]).toEqual([true, [true]]);
  await replicas.stop();
});

test('a leader waits no longer for a replica that has ended', async () => {
  const { time, shown, start } = await begin({ present: ['other'] });
  const replicas = await start();
  await time.pass(3_000);
  expect(replicas.mayWrite).toBe(false);
  shown.present = [];
  await time.pass(1_000);
  expect(replicas.mayWrite).toBe(true);
  await replicas.stop();
});

test('a start that fails leaves its port free', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  const { start } = await begin({ port, reachable: false });
  await expect(start()).rejects.toThrow('no answer');
  await expect(start()).rejects.toThrow('no answer');
});
