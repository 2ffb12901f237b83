import type { KubeObject } from '../kube/resource.ts';
import { expect, test } from 'vitest';
import { Fleet } from '../reconcile/fleet.ts';
import { ackedOf } from '../testing/acked.ts';
import { FakeTime, settle } from '../testing/fake-time.ts';
import { sourceSubject, startNews } from './start-news.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('a circuit that opens becomes an Event of its pod, by what the fleet knows', async () => {
  const time = new FakeTime();
  const written: KubeObject[] = [];
  const fleet = new Fleet();
  const owner = { kind: 'Deployment' as const, name: 'users' };
  const identity = { namespace: 'shop', name: 'pod-1', uid: 'pod-1', labels: {}, owner };
  const facts = { ...identity, sidecar: { kind: 'own' as const }, ready: true, ending: false };
  fleet.setPod('pod-1', facts, 0);
  const acked = ackedOf('pod-1', { circuits: [{ route: 'user', state: 'Open', era: 1, reason: null }] });
  const news = startNews({
    client: { apply: async (_, object) => (written.push(object), object) },
    natsUrl: null,
    replica: 'operator-1',
    publisher: { acked: () => acked },
    pods: fleet,
    mayWrite: () => true,
    clock: time,
    timers: time,
    random: () => 0,
    log: quiet,
  });
  news.newsroom.reported('pod-1');
  await settle();
  expect(written).toMatchObject([{ regarding: { kind: 'Pod', name: 'pod-1' }, reason: 'CircuitOpened' }]);
  expect(news.busCounts()).toBeNull();
  await news.stop();
});

test.each([
  ['ConfigMap', 'v1'],
  ['ResiliencePolicy', 'fusebox.dev/v1alpha1'],
])('the Events of a %s are its own', (kind, apiVersion) => {
  const source = { kind, namespace: 'shop', name: 'users', uid: 'uid' };
  expect(sourceSubject(source)).toEqual({ ...source, apiVersion });
});
