import { describe, expect, test } from 'vitest';

import { configMap, featureFlagSet, resiliencePolicy, sidecarProfile } from '../testing/builders.ts';
import { select } from './select.ts';
import type { Who } from './who.ts';

const anybody: Who = { namespace: null, workloads: [], labels: null };
const users: Who = {
  namespace: 'shop',
  workloads: [{ kind: 'Deployment', name: 'users' }],
  labels: { app: 'users', tier: 'gold' },
};
const toUsers = { targetRefs: [{ kind: 'Deployment', name: 'users' }] };
const namesOf = (documents: Parameters<typeof select>[0], who = users): string[] =>
  select(documents, who).sources.map(({ kind, name }) => `${kind} ${name}`);

describe('ranks, from low to high', () => {
  test('profile, namespace, target, ConfigMap of the namespace, ConfigMap of the target', () => {
    const documents = [
      configMap({ policy: {}, target: 'deployment/users' }, { name: 'e' }),
      resiliencePolicy({}, { name: 'b' }),
      configMap({ policy: {} }, { name: 'd' }),
      sidecarProfile({}, { name: 'a' }),
      resiliencePolicy(toUsers, { name: 'c' }),
    ];
    expect(namesOf(documents)).toEqual([
      'SidecarProfile a',
      'ResiliencePolicy b',
      'ResiliencePolicy c',
      'ConfigMap d',
      'ConfigMap e',
    ]);
  });

  test('flags rank likewise, and a ConfigMap that gives both stands once', () => {
    const documents = [
      configMap({ flags: { a: true }, policy: {} }, { name: 'c' }),
      featureFlagSet({ selector: { matchLabels: { app: 'users' } } }, { name: 'b' }),
      featureFlagSet({}, { name: 'a' }),
    ];
    expect(namesOf(documents)).toEqual(['FeatureFlagSet a', 'FeatureFlagSet b', 'ConfigMap c']);
  });

  test('an empty selector takes every pod and ranks with the namespace', () => {
    const { conflicts } = select(
      [resiliencePolicy({}, { name: 'a' }), resiliencePolicy({ selector: {} }, { name: 'b' })],
      users,
    );
    expect(conflicts).toHaveLength(1);
  });
});

describe('of two documents of one rank', () => {
  const old = { creationTimestamp: '2026-01-01T00:00:00Z' };
  const young = { creationTimestamp: '2026-01-02T00:00:00Z' };

  test('the oldest wins, and the other is told who did', () => {
    const { sources, conflicts } = select(
      [resiliencePolicy({}, { name: 'a', ...young }), resiliencePolicy({}, { name: 'b', ...old })],
      users,
    );
    expect(sources.map(({ name }) => name)).toEqual(['b']);
    expect(conflicts).toEqual([
      {
        part: 'policy',
        loser: { kind: 'ResiliencePolicy', namespace: null, name: 'a' },
        winner: { kind: 'ResiliencePolicy', namespace: null, name: 'b' },
        message:
          'the policy of ResiliencePolicy a gave way to ResiliencePolicy b, which has the same rank and is older',
      },
    ]);
  });

  test.each([
    ['the same age', old, old],
    ['an age that one does not have', young, {}],
    ['no age', {}, {}],
  ])('with %s, the first by name wins', (_what, a, b) => {
    const { sources, conflicts } = select(
      [resiliencePolicy({}, { name: 'b', ...b }), resiliencePolicy({}, { name: 'a', ...a })],
      users,
    );
    expect(sources.map(({ name }) => name)).toEqual(['a']);
    expect(conflicts[0]?.message).toContain('comes first by name');
  });

  test('the parts of a ConfigMap count apart: it may lose one and win the other', () => {
    const { sources, conflicts } = select(
      [configMap({ policy: {} }, { name: 'a' }), configMap({ policy: {}, flags: { x: true } }, { name: 'b' })],
      users,
    );
    expect(sources.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(conflicts.map(({ part, loser }) => `${part} ${loser.name}`)).toEqual(['policy b']);
  });

  test('flag sets conflict as policies do', () => {
    const { conflicts } = select([featureFlagSet({}, { name: 'a' }), featureFlagSet({}, { name: 'b' })], users);
    expect(conflicts.map(({ part, loser }) => `${part} ${loser.name}`)).toEqual(['flags b']);
  });
});

describe('a document is for a pod', () => {
  const applies = (spec: object, who: Who): boolean => select([resiliencePolicy(spec)], who).sources.length === 1;
  const byExpression = (operator: string, values?: string[]) => ({
    selector: { matchExpressions: [{ key: 'tier', operator, ...(values && { values }) }] },
  });

  test('in its own namespace only, when both say one', () => {
    const document = resiliencePolicy({}, { namespace: 'other' });
    expect(namesOf([document])).toEqual([]);
    expect(namesOf([document], { ...users, namespace: 'other' })).toHaveLength(1);
    expect(namesOf([document], anybody)).toHaveLength(1);
    expect(namesOf([resiliencePolicy({})])).toHaveLength(1);
  });

  test.each<[spec: object, applies: boolean]>([
    [{}, true],
    [toUsers, true],
    [{ targetRefs: [{ kind: 'Deployment', name: 'orders' }] }, false],
    [{ targetRefs: [{ kind: 'StatefulSet', name: 'users' }] }, false],
    [{ targetRefs: [{ kind: 'Service', name: 'users' }] }, false],
    [
      {
        targetRefs: [
          { kind: 'Service', name: 'x' },
          { kind: 'Deployment', name: 'users' },
        ],
      },
      true,
    ],
    [{ selector: { matchLabels: { app: 'users' } } }, true],
    [{ selector: { matchLabels: { app: 'users', tier: 'free' } } }, false],
    [{ selector: { matchLabels: { toString: 'x' } } }, false],
    [byExpression('In', ['gold', 'free']), true],
    [byExpression('In', ['free']), false],
    [byExpression('NotIn', ['free']), true],
    [byExpression('NotIn', ['gold']), false],
    [byExpression('Exists'), true],
    [byExpression('DoesNotExist'), false],
  ])('%j: %s', (spec, expected) => expect(applies(spec, users)).toBe(expected));

  test('through a Service, when the workloads name that Service', () => {
    const who = { ...users, workloads: [...users.workloads, { kind: 'Service', name: 'users' }] };
    expect(applies({ targetRefs: [{ kind: 'Service', name: 'users' }] }, who)).toBe(true);
  });

  test('without a label, NotIn and DoesNotExist hold', () => {
    const bare = { ...users, labels: {} };
    expect(applies(byExpression('NotIn', ['gold']), bare)).toBe(true);
    expect(applies(byExpression('DoesNotExist'), bare)).toBe(true);
    expect(applies(byExpression('In', ['gold']), bare)).toBe(false);
    expect(applies(byExpression('Exists'), bare)).toBe(false);
  });

  test('when nobody said who the pod is, with a warning', () => {
    const { sources, warnings } = select(
      [resiliencePolicy(toUsers), configMap({ policy: {}, target: 'deploy/x' })],
      anybody,
    );
    expect(sources).toHaveLength(2);
    expect(warnings).toEqual([
      'ConfigMap config is for certain workloads; it applies, since nobody said which this is',
      'ResiliencePolicy users is for certain workloads; it applies, since nobody said which this is',
    ]);
  });
});

test('that no document applies is worth a warning, unless there is none', () => {
  expect(select([resiliencePolicy({}, { namespace: 'other' })], users).warnings).toEqual([
    'none of 1 documents is for this workload',
  ]);
  expect(select([], users).warnings).toEqual([]);
});
