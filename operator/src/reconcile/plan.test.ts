import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import type { ObjectStatus } from '@fusebox/api/object-status.ts';
import { expect, test } from 'vitest';
import type { Ruling } from './fleet.ts';
import { plan } from './plan.ts';
import type { Source } from './source.ts';
import type { LiveConfigFacts, World } from './world.ts';

const document = resiliencePolicy({});
const policy: Source = {
  kind: 'ResiliencePolicy',
  namespace: 'shop',
  name: 'users',
  uid: 'u1',
  generation: 2,
  resourceVersion: null,
  reading: { document },
  claim: document,
  status: null,
  seenAtMs: 0,
};
const configMap: Source = { ...policy, kind: 'ConfigMap', uid: 'u2', generation: null, resourceVersion: '70' };
const inForce = (source: Source): Ruling => ({ source, inForce: { state: 'current', document, tag: 'tag' } });

const world = (more: Partial<World> = {}): World => ({
  key: 'ResiliencePolicy shop/users',
  ruling: inForce(policy),
  liveConfig: null,
  revisions: [],
  statusBefore: null,
  writtenAtMs: null,
  pods: [],
  otherPods: 0,
  conflicts: [],
  warnings: [],
  heldBy: [],
  bypasses: [],
  outdated: [],
  version: 'sha256:1',
  openCircuits: [],
  propagationMs: null,
  nowMs: 100_000,
  nowText: '2026-01-01T00:00:00Z',
  ...more,
});
const liveConfig: LiveConfigFacts = {
  namespace: 'shop',
  name: 'users',
  uid: 'l1',
  generation: 1,
  ownerUid: 'u2',
  configMap: 'users',
  status: null,
};
const doings = (given: World): string[] => plan(given).actions.map((action) => action.do);

/** What stands there when a first turn is over. */
function statusAfter(given: World): ObjectStatus {
  const [status] = plan(given).actions.flatMap((action) => (action.do === 'applyStatus' ? [action.status] : []));
  return status!;
}
function revisionAfter(given: World): World['revisions'] {
  return plan(given).actions.flatMap((action) =>
    action.do === 'saveLastGood'
      ? [{ namespace: 'shop', name: action.name, ownerUid: action.source.uid, revision: 7 }]
      : [],
  );
}

test('new settings are saved and have a status; a second turn finds nothing to do', () => {
  expect(doings(world())).toEqual(['saveLastGood', 'applyStatus']);
  const settled = world({ statusBefore: statusAfter(world()), revisions: revisionAfter(world()) });
  expect(plan(settled)).toEqual({ actions: [], recheckAfterMs: null });
});

test('the same world gives the same plan', () => expect(plan(world())).toEqual(plan(world())));

test('revisions of older settings go when that of the present ones is there, not before', () => {
  const old = { namespace: 'shop', name: 'fusebox-old', ownerUid: 'u1', revision: 1 };
  expect(doings(world({ revisions: [old] }))).toEqual(['saveLastGood', 'applyStatus']);
  const actions = plan(world({ revisions: [old, ...revisionAfter(world())] })).actions;
  expect(actions).toMatchObject([{ do: 'dropRevision', revision: old }, { do: 'applyStatus' }]);
});

test('a revision of an edit that this replica has not seen yet stays', () => {
  const newer = { namespace: 'shop', name: 'fusebox-newer', ownerUid: 'u1', revision: 1_000 };
  expect(doings(world({ revisions: [newer, ...revisionAfter(world())] }))).toEqual(['applyStatus']);
});

test('bad settings are never saved, and take no revision away', () => {
  const bad: Ruling = { source: { ...policy, reading: { problems: ['no'] } }, inForce: { state: 'none' } };
  const old = { namespace: 'shop', name: 'fusebox-old', ownerUid: 'u1', revision: 1 };
  expect(doings(world({ ruling: bad, revisions: [old] }))).toEqual(['applyStatus']);
});

test('good settings that a bad edit overtook are saved as the edit that they were, unless newer ones are', () => {
  const lastGood = { state: 'lastGood', document, tag: 'u1@3' } as const;
  const bad: Ruling = { source: { ...policy, generation: 4, reading: { problems: ['no'] } }, inForce: lastGood };
  const saved = (revision: number) => ({ namespace: 'shop', name: 'fusebox-old', ownerUid: 'u1', revision });
  const actions = plan(world({ ruling: bad, revisions: [saved(2)] })).actions;
  expect(actions[0]).toMatchObject({ do: 'saveLastGood', revision: 3 });
  expect(doings(world({ ruling: bad, revisions: [saved(3)] }))).toEqual(['applyStatus']);
  const read: Ruling = { ...bad, inForce: { ...lastGood, tag: 'u1@fusebox-0123456789abcdef0123' } };
  expect(doings(world({ ruling: read, revisions: [] }))).toEqual(['applyStatus']);
});

test('last good settings that stand in a revision are read before anything is said', () => {
  const saved: Ruling = { source: policy, inForce: { state: 'saved', revision: 'fusebox-1' } };
  expect(plan(world({ ruling: saved })).actions).toEqual([
    { do: 'loadLastGood', source: policy, revision: 'fusebox-1' },
  ]);
});

test('a ConfigMap gets a LiveConfig first, and its status speaks of the resourceVersion', () => {
  const fresh = world({ ruling: inForce(configMap) });
  expect(doings(fresh)).toEqual(['saveLastGood', 'applyLiveConfig']);
  const status = statusAfter(world({ ruling: inForce(configMap), liveConfig }));
  expect(status).toMatchObject({ observedResourceVersion: '70', conditions: [{ observedGeneration: 1 }, {}, {}] });
});

test('a LiveConfig of another ConfigMap with this name is taken over', () => {
  const foreign = { ...liveConfig, ownerUid: 'gone' };
  expect(doings(world({ ruling: inForce(configMap), liveConfig: foreign }))).toContain('applyLiveConfig');
});

test('a ConfigMap without its label loses its LiveConfig; one that somebody made by hand stays', () => {
  expect(doings(world({ ruling: null, liveConfig }))).toEqual(['deleteLiveConfig']);
  expect(doings(world({ ruling: null, liveConfig: { ...liveConfig, ownerUid: null } }))).toEqual([]);
});

test('it looks again when a pod will have been without a sidecar for 30 s', () => {
  const pods = [{ name: 'p', standing: { is: 'silent' as const, sinceMs: 90_000 } }];
  expect(plan(world({ pods })).recheckAfterMs).toBe(20_000);
  expect(plan(world({ pods, nowMs: 120_000 })).recheckAfterMs).toBeNull();
});

test('counts that change are written at most every half second; a condition is written at once', () => {
  const pending = { is: 'pending' as const };
  const programmed = { is: 'programmed' as const };
  const pods = (...standings: (typeof pending | typeof programmed)[]): World['pods'] =>
    standings.map((standing, index) => ({ name: `p${index}`, standing }));
  const before = world({ pods: pods(pending, pending, programmed) });
  const known = { statusBefore: statusAfter(before), revisions: revisionAfter(before), writtenAtMs: 99_900 };
  const more = world({ ...known, pods: pods(pending, programmed, programmed) });
  expect(plan(more)).toEqual({ actions: [], recheckAfterMs: 400 });
  expect(doings({ ...more, nowMs: 100_400 })).toEqual(['applyStatus']);
  const all = world({ ...known, pods: pods(programmed, programmed, programmed) });
  expect(doings(all)).toEqual(['applyStatus']);
});
