import { expect, test } from 'vitest';
import { condition, labelled, obeyed, users } from '../testing/objects.ts';
import { forbidden, plainCluster } from '../testing/plain-cluster.ts';
import { status, type StatusCommand } from './status.ts';

const OURS = '/apis/fusebox.dev/v1alpha1/namespaces/shop';
const CORE = '/api/v1/namespaces/shop';
const SELECTED = `${CORE}/configmaps?labelSelector=fusebox.dev%2Fconfig%3Dtrue`;
const command: StatusCommand = { object: null, namespace: null, allNamespaces: false, output: 'table' };
const empty = {
  [`${OURS}/resiliencepolicies`]: { items: [] },
  [`${OURS}/featureflagsets`]: { items: [] },
  [`${OURS}/sidecarprofiles`]: { items: [] },
  [`${OURS}/liveconfigs`]: { items: [] },
  [SELECTED]: { items: [] },
};

test('all settings of a namespace in one table, and below it what is not as it should be', async () => {
  const waiting = condition('Programmed', 'False', { message: 'users-7d4-x2 does not answer' });
  const cluster = plainCluster({
    ...empty,
    [`${OURS}/resiliencepolicies`]: {
      items: [
        users(
          obeyed({ conditions: [condition('Accepted', 'True'), waiting], programmed: '1/2', openCircuits: 'user' }),
        ),
      ],
    },
    [`${OURS}/featureflagsets`]: { items: [users(obeyed())] },
    [`${OURS}/liveconfigs`]: { items: [users(obeyed({ observedResourceVersion: '7' }))] },
    [SELECTED]: { items: [labelled('7')] },
  });
  const { exit, text } = await status(cluster, command);
  expect(exit).toBe(1);
  expect(text.split('\n')).toEqual([
    'KIND              NAME   ACCEPTED  PROGRAMMED  DEGRADED  OPEN CIRCUITS  VERSION       PROPAGATION',
    'ResiliencePolicy  users  True      1/2         -         user           0123456789ab  8 ms',
    'FeatureFlagSet    users  True      2/2         False     -              0123456789ab  8 ms',
    'ConfigMap         users  True      2/2         False     -              0123456789ab  8 ms',
    '',
    'ResiliencePolicy shop/users: Programmed=False Pending: users-7d4-x2 does not answer',
    '',
  ]);
});

test('a ConfigMap of which the operator has not spoken yet stands among the others', async () => {
  const cluster = plainCluster({ ...empty, [SELECTED]: { items: [labelled('9')] } });
  const { exit, text } = await status(cluster, command);
  expect(exit).toBe(1);
  expect(text).toContain('ConfigMap shop/users: the operator has not seen resourceVersion 9 yet (it speaks of none)');
});

test('an empty namespace is told as such', async () => {
  expect(await status(plainCluster(empty), command)).toEqual({
    exit: 0,
    text: '',
    complaints: ['there are no settings in namespace shop'],
  });
});

test('for programs: the same as JSON', async () => {
  const path = `${OURS}/resiliencepolicies/users`;
  const object = { kind: 'ResiliencePolicy', name: 'users' } as const;
  const { exit, text } = await status(plainCluster({ [path]: users(obeyed()) }), {
    ...command,
    object,
    output: 'json',
  });
  expect(exit).toBe(0);
  expect(JSON.parse(text)).toEqual({
    items: [{ kind: 'ResiliencePolicy', namespace: 'shop', name: 'users', ok: true, notes: [], status: obeyed() }],
  });
});

test('one object in full, with a warning where its status is of an earlier generation', async () => {
  const path = `${OURS}/resiliencepolicies/users`;
  const object = { kind: 'ResiliencePolicy', name: 'users' } as const;
  const cluster = plainCluster({ [path]: users(obeyed(), { generation: 2 }) });
  const { exit, text } = await status(cluster, { ...command, object });
  expect(exit).toBe(1);
  expect(text.split('\n')).toEqual([
    'ResiliencePolicy shop/users',
    '  ! the operator has not judged generation 2 yet (it speaks of 1)',
    '  Accepted    True   Accepted    since 2026-01-31T12:00:00Z',
    '  Programmed  True   Programmed  since 2026-01-31T12:00:00Z',
    '  Degraded    False  Pending     since 2026-01-31T12:00:00Z',
    '  Pods           2 of 2 obey, 0 refused',
    '  Open circuits  -',
    '  Version        sha256:0123456789abcdef',
    '  Propagation    8 ms',
    '',
  ]);
});

test.each<[what: string, answers: Record<string, unknown>, complaint: string]>([
  ['missing', {}, 'ConfigMap shop/users: there is no such object'],
  [
    'not labelled',
    { [`${CORE}/configmaps/users`]: users(undefined) },
    'ConfigMap shop/users: has no label fusebox.dev/config: "true", so nobody reads it',
  ],
  ['new', { [`${CORE}/configmaps/users`]: labelled('1') }, 'ConfigMap shop/users: the operator has not seen it yet'],
])('a ConfigMap that is %s is not ok', async (_what, answers, complaint) => {
  const object = { kind: 'ConfigMap', name: 'users' } as const;
  const outcome = await status(plainCluster(answers), { ...command, object });
  expect(outcome).toEqual({ exit: 1, text: '', complaints: [complaint] });
});

test('a degraded object is not ok', async () => {
  const degraded = condition('Degraded', 'True', { reason: 'Frozen', message: 'the last good settings are in force' });
  const conditions = [condition('Accepted', 'True'), condition('Programmed', 'True'), degraded];
  const path = `${OURS}/sidecarprofiles/users`;
  const object = { kind: 'SidecarProfile', name: 'users' } as const;
  const cluster = plainCluster({ [path]: users(obeyed({ conditions })) });
  expect((await status(cluster, { ...command, object })).exit).toBe(1);
});

test('without our kinds, or the right to see them, there is an error and no empty list', async () => {
  await expect(status(plainCluster({}), command)).rejects.toThrow('our kinds are not installed');
  const cluster = plainCluster({ ...empty, [`${OURS}/liveconfigs`]: forbidden });
  await expect(status(cluster, command)).rejects.toThrow(forbidden);
});
