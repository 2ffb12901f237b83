import type { Clock } from '@fusebox/api/clock.ts';
import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/resource.ts';
import { newMemoryKeeper } from '../pki/authority-keeper.ts';
import { Certificates } from '../pki/certificates.ts';
import { FakeTime, settle } from '../testing/fake-time.ts';
import { CaBundles } from './ca-bundles.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const HOUR_MS = 3_600_000;

/** What is written is seen only when the test says so. */
async function start({ mayWrite = true } = {}) {
  const time = new FakeTime();
  const clock: Clock = { nowMs: () => time.nowMs(), wallMs: () => time.wallMs() };
  const lifetimes = { authorityMs: 3 * HOUR_MS, certificateMs: HOUR_MS, overlapMs: HOUR_MS };
  const certificates = await Certificates.begin({ keeper: newMemoryKeeper(), hosts: ['localhost'], clock, lifetimes });
  const stored = new Map<string, string>();
  const needed: string[] = [];
  const written: string[] = [];
  let apply = async (object: KubeObject): Promise<KubeObject> => object;
  const bundles = new CaBundles({
    client: {
      apply: (_resource, object) => {
        written.push(object.metadata.namespace!);
        return apply(object);
      },
    },
    certificates,
    stored: (namespace) => stored.get(namespace) ?? null,
    needed: () => needed,
    mayWrite: () => mayWrite,
    clock,
    timers: time,
    log: quiet,
  });
  await settle();
  const see = (namespace: string): void => void stored.set(namespace, certificates.current.bundle);
  return { time, certificates, stored, needed, written, bundles, see, answer: (how: typeof apply) => (apply = how) };
}

test('a namespace is written for its first pod, and not again for the next ones', async () => {
  const { bundles, written, see } = await start();
  await bundles.provide('shop');
  await bundles.provide('shop');
  see('shop');
  await bundles.provide('shop');
  expect(written).toEqual(['shop']);
});

test('a pod does not wait for an API server that does not answer or says no', async () => {
  const { bundles, time, answer } = await start();
  answer(() => new Promise(() => {}));
  let done = false;
  void bundles.provide('shop').then(() => (done = true));
  await time.pass(1_999);
  expect(done).toBe(false);
  await time.pass(1);
  expect(done).toBe(true);
  answer(() => Promise.reject(new Error('no')));
  await bundles.provide('bank');
});

test('who leads mends what somebody changed or removed, and follows new authorities', async () => {
  const { time, certificates, stored, needed, written, see } = await start();
  needed.push('shop');
  await time.pass(5_000);
  see('shop');
  await time.pass(60_000);
  expect(written).toEqual(['shop']);
  stored.set('shop', 'nonsense');
  await time.pass(5_000);
  see('shop');
  await time.pass(5_000);
  stored.delete('shop');
  await time.pass(5_000);
  see('shop');
  expect(written).toHaveLength(3);
  const before = certificates.current.bundle;
  await time.pass(2 * HOUR_MS);
  await certificates.check();
  await settle();
  expect(certificates.current.bundle).not.toBe(before);
  expect(written).toHaveLength(4);
});

test('others write only where a pod is about to start', async () => {
  const { time, needed, written, bundles } = await start({ mayWrite: false });
  needed.push('shop');
  await time.pass(60_000);
  expect(written).toEqual([]);
  await bundles.provide('shop');
  expect(written).toEqual(['shop']);
});

test('nothing goes on after the end', async () => {
  const { time, bundles } = await start();
  bundles.end();
  expect(time.pending).toBe(0);
});
