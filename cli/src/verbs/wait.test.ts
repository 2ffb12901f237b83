import { expect, test } from 'vitest';
import { type Cluster, ClusterError } from '../kube/cluster.ts';
import { condition, labelled, obeyed, users } from '../testing/objects.ts';
import { plainCluster } from '../testing/plain-cluster.ts';
import { wait } from './wait.ts';

const OURS = '/apis/fusebox.dev/v1alpha1/namespaces/shop';
const POLICY = `${OURS}/resiliencepolicies/users`;
const CONFIG_MAP = '/api/v1/namespaces/shop/configmaps/users';
const LIVE_CONFIG = `${OURS}/liveconfigs/users`;

/** A world that changes once each pause; its last state stays. Time moves by what is waited, and by nothing else. */
async function waitIn(worlds: Record<string, unknown>[], kind: 'ResiliencePolicy' | 'ConfigMap' = 'ResiliencePolicy') {
  let nowMs = 0;
  let at = 0;
  const now = (): Cluster => plainCluster(worlds[Math.min(at, worlds.length - 1)]!);
  const cluster = { ...now(), get: (path: string) => now().get(path) };
  const outcome = await wait(
    cluster,
    { object: { kind, name: 'users' }, namespace: null, timeoutMs: 2_000 },
    {
      nowMs: () => nowMs,
      pause: async (durationMs) => {
        nowMs += durationMs;
        at += 1;
      },
    },
  );
  return { ...outcome, pauses: at };
}

test('what is in force already is not waited for', async () => {
  expect(await waitIn([{ [POLICY]: users(obeyed()) }])).toEqual({
    exit: 0,
    text: 'ResiliencePolicy shop/users is in force: 2/2 pods, version sha256:0123456789abcdef (waited 0s)\n',
    complaints: [],
    pauses: 0,
  });
});

test('a status of an earlier generation does not count', async () => {
  const second = obeyed().conditions!.map((one) => ({ ...one, observedGeneration: 2 }));
  const old = { [POLICY]: users(obeyed(), { generation: 2 }) };
  const half = { [POLICY]: users(obeyed({ conditions: [second[0]!, obeyed().conditions![1]!] }), { generation: 2 }) };
  const present = { [POLICY]: users(obeyed({ conditions: second }), { generation: 2 }) };
  expect(await waitIn([old, half, present])).toMatchObject({ exit: 0, pauses: 2 });
});

test('a ConfigMap is in force once the LiveConfig speaks of its present resourceVersion', async () => {
  const spoken = (resourceVersion: string): object => users(obeyed({ observedResourceVersion: resourceVersion }));
  const worlds = [
    { [CONFIG_MAP]: labelled('12') },
    { [CONFIG_MAP]: labelled('12'), [LIVE_CONFIG]: spoken('11') },
    { [CONFIG_MAP]: labelled('13'), [LIVE_CONFIG]: spoken('12') },
    { [CONFIG_MAP]: labelled('13'), [LIVE_CONFIG]: spoken('13') },
  ];
  expect(await waitIn(worlds, 'ConfigMap')).toMatchObject({ exit: 0, pauses: 3 });
});

test('when the time is over it is told what was missing', async () => {
  const conditions = [
    condition('Accepted', 'True'),
    condition('Programmed', 'False', { message: 'users-1 does not answer' }),
  ];
  const { exit, complaints, pauses } = await waitIn([{ [POLICY]: users(obeyed({ conditions })) }]);
  expect([exit, pauses]).toEqual([1, 10]);
  expect(complaints).toEqual([
    'ResiliencePolicy shop/users is not in force after 2s: Programmed=False Pending: users-1 does not answer',
  ]);
});

test('what is only degraded is in force', async () => {
  const conditions = [...obeyed().conditions!.slice(0, 2), condition('Degraded', 'True', { reason: 'Outdated' })];
  expect(await waitIn([{ [POLICY]: users(obeyed({ conditions })) }])).toMatchObject({ exit: 0 });
});

test.each<[what: string, world: Record<string, unknown>, kind: 'ResiliencePolicy' | 'ConfigMap', words: string]>([
  ['an object that is not there', {}, 'ResiliencePolicy', 'there is no such object'],
  ['a ConfigMap that is not there', {}, 'ConfigMap', 'there is no such ConfigMap'],
  ['a ConfigMap without the label', { [CONFIG_MAP]: users(undefined) }, 'ConfigMap', 'has no label'],
  [
    'an object that is refused as it stands',
    {
      [POLICY]: users({
        conditions: [
          condition('Accepted', 'False', { reason: 'Invalid', message: 'spec.mode: …' }),
          condition('Programmed', 'False'),
        ],
      }),
    },
    'ResiliencePolicy',
    'Accepted=False Invalid: spec.mode: …',
  ],
])('%s is not waited for', async (_what, world, kind, words) => {
  const { exit, complaints, pauses } = await waitIn([world], kind);
  expect([exit, pauses]).toEqual([1, 0]);
  expect(complaints[0]).toContain(words);
});

test('an API server that restarts meanwhile is waited for; one that never answered is not', async () => {
  const gone = new ClusterError('unavailable', 'connection refused');
  const pending = { [POLICY]: users(undefined) };
  expect(await waitIn([pending, { [POLICY]: gone }, { [POLICY]: users(obeyed()) }])).toMatchObject({
    exit: 0,
    pauses: 2,
  });
  await expect(waitIn([{ [POLICY]: gone }])).rejects.toThrow(gone);
});
