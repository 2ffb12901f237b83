import type { ObjectStatus } from '@fusebox/api/object-status.ts';
import { describe, expect, test } from 'vitest';
import { missingAtMs, type StatusFacts, statusOf } from './conditions.ts';
import type { PodStanding } from './pod-standing.ts';

const NOW = '2026-01-01T00:00:09Z';
const facts = (more: Partial<StatusFacts> = {}): StatusFacts => ({
  generation: 3,
  sameEdit: false,
  problems: [],
  instead: 'none',
  conflicts: [],
  warnings: [],
  pods: [],
  otherPods: 0,
  heldBy: [],
  bypasses: [],
  outdated: [],
  version: 'sha256:1',
  openCircuits: [],
  propagationMs: 12,
  nowMs: 100_000,
  nowText: NOW,
  ...more,
});

const pods = (...standings: PodStanding[]): StatusFacts['pods'] =>
  standings.map((standing, index) => ({ name: `p${index + 1}`, standing }));
const ok: PodStanding = { is: 'programmed' };
const late: PodStanding = { is: 'pending' };
const bad: PodStanding = { is: 'rejected', reason: 'requires: "x" is not known here' };
const young: PodStanding = { is: 'silent', sinceMs: 70_001 };
const mute: PodStanding = { is: 'silent', sinceMs: 70_000 };
const bare: PodStanding = { is: 'bare', why: null };
const refused: PodStanding = { is: 'bare', why: 'it has several ports' };

/** A status in short: `Accepted True Accepted`. */
const short = (status: ObjectStatus): string[] =>
  status.conditions!.map(({ type, status: value, reason }) => `${type} ${value} ${reason}`);
const messageOf = (status: ObjectStatus, type: string): string =>
  status.conditions!.find((condition) => condition.type === type)!.message;

describe('what the conditions say', () => {
  test.each<[string, Partial<StatusFacts>, string[]]>([
    [
      'all ready pods obey',
      { pods: pods(ok, ok) },
      ['Accepted True Accepted', 'Programmed True Programmed', 'Degraded False Healthy'],
    ],
    ['no pod', {}, ['Accepted True Accepted', 'Programmed False NoPods', 'Degraded False Healthy']],
    [
      'one has not confirmed',
      { pods: pods(ok, late) },
      ['Accepted True Accepted', 'Programmed False Pending', 'Degraded False Healthy'],
    ],
    [
      'one has never answered, for less than 30 s',
      { pods: pods(ok, young) },
      ['Accepted True Accepted', 'Programmed False Pending', 'Degraded False Healthy'],
    ],
    [
      'one has never answered for 30 s',
      { pods: pods(ok, mute) },
      ['Accepted True Accepted', 'Programmed False NotInjected', 'Degraded True NotInjected'],
    ],
    [
      'one has no sidecar',
      { pods: pods(ok, bare) },
      ['Accepted True Accepted', 'Programmed False NotInjected', 'Degraded True NotInjected'],
    ],
    [
      'a Service leads past them',
      { pods: pods(ok), bypasses: ['port 80 of Service users leads to 8080'], outdated: ['p1'] },
      ['Accepted True Accepted', 'Programmed True Programmed', 'Degraded True Bypassed'],
    ],
    [
      'one runs otherwise than a new one would',
      { pods: pods(ok, ok), outdated: ['p1'] },
      ['Accepted True Accepted', 'Programmed True Programmed', 'Degraded True Outdated'],
    ],
    [
      'one refused',
      { pods: pods(ok, bad, late) },
      ['Accepted True Accepted', 'Programmed False Rejected', 'Degraded False Healthy'],
    ],
    [
      'faults, nothing before',
      { problems: ['spec: no'], pods: pods(ok) },
      ['Accepted False Invalid', 'Programmed False Invalid', 'Degraded False Healthy'],
    ],
    [
      'faults, the last good in force',
      { problems: ['spec: no'], instead: 'lastGood', pods: pods(ok) },
      ['Accepted False Invalid', 'Programmed False Invalid', 'Degraded False Healthy'],
    ],
    [
      'faults, and the last good lost',
      { problems: ['spec: no'], instead: 'frozen', heldBy: ['ResiliencePolicy shop/users'], pods: pods(late) },
      ['Accepted False Invalid', 'Programmed False Invalid', 'Degraded True Frozen'],
    ],
    [
      'another came first',
      { conflicts: ['gave way to x'], pods: pods(ok) },
      ['Accepted False Conflicted', 'Programmed False Conflicted', 'Degraded False Healthy'],
    ],
    [
      'held by another object',
      { heldBy: ['ResiliencePolicy shop/old'], pods: pods(late) },
      ['Accepted True Accepted', 'Programmed False Frozen', 'Degraded True Frozen'],
    ],
    [
      'held by another object, but all have it already',
      { heldBy: ['ResiliencePolicy shop/old'], pods: pods(ok) },
      ['Accepted True Accepted', 'Programmed True Programmed', 'Degraded True Frozen'],
    ],
  ])('%s', (_promise, more, wanted) => expect(short(statusOf(facts(more), null))).toEqual(wanted));
});

test('pods are named, and why one refused is told', () => {
  const status = statusOf(facts({ pods: pods(ok, bad, late) }), null);
  expect(messageOf(status, 'Programmed')).toBe('refused by the sidecars of p2 (requires: "x" is not known here)');
  expect(status).toMatchObject({ pods: { matched: 3, programmed: 1, rejected: 1 }, programmed: '1/3' });
});

test.each<[string, PodStanding[], string]>([
  ['one that was missed', [bare], 'opted in, but without a sidecar: p1; restart these pods'],
  ['one that cannot be injected', [refused], 'opted in, but without a sidecar: p1 (it has several ports)'],
  ['both', [refused, bare], 'opted in, but without a sidecar: p1 (it has several ports), p2; restart these pods'],
])('what to do about a pod without a sidecar: %s', (_, standings, wanted) => {
  expect(messageOf(statusOf(facts({ pods: pods(...standings) }), null), 'Degraded')).toBe(wanted);
});

test('pods that are not ready are told apart', () => {
  const status = statusOf(facts({ otherPods: 2 }), null);
  expect(messageOf(status, 'Programmed')).toBe('no ready pod that takes part matches; 2 match, but are not ready');
});

test('a message lists ten of many', () => {
  const status = statusOf(facts({ pods: pods(...Array.from({ length: 25 }, () => late)) }), null);
  expect(messageOf(status, 'Programmed')).toMatch(/p10, and 15 more$/);
});

test('a message of any length fits', () => {
  const status = statusOf(facts({ problems: ['x'.repeat(40_000)] }), null);
  expect(messageOf(status, 'Accepted').length).toBe(4_096);
});

test('every condition speaks of the generation, and keeps the time of its last change', () => {
  const before = statusOf({ ...facts({ pods: pods(ok), generation: 2 }), nowText: '2026-01-01T00:00:01Z' }, null);
  const { conditions } = statusOf(facts({ pods: pods(late) }), before);
  expect(conditions).toMatchObject([
    { type: 'Accepted', observedGeneration: 3, lastTransitionTime: '2026-01-01T00:00:01Z' },
    { type: 'Programmed', observedGeneration: 3, lastTransitionTime: NOW },
    { type: 'Degraded', observedGeneration: 3, lastTransitionTime: '2026-01-01T00:00:01Z' },
  ]);
});

describe('propagation is measured once for each edit', () => {
  const done = statusOf(facts({ pods: pods(ok) }), null);
  test.each<[string, Partial<StatusFacts>, ObjectStatus | null, number | undefined]>([
    ['when the last pod has confirmed', { pods: pods(ok) }, null, 12],
    ['not before', { pods: pods(ok, late) }, null, undefined],
    [
      'a pod that comes later does not change it',
      { pods: pods(ok, ok), sameEdit: true, propagationMs: 9_000 },
      done,
      12,
    ],
    ['nor does one that is waited for', { pods: pods(ok, late), sameEdit: true }, done, 12],
    ['the next edit is measured anew', { pods: pods(ok, late) }, done, undefined],
    ['it is not known after a restart', { pods: pods(ok), propagationMs: null }, null, undefined],
  ])('%s', (_promise, more, before, wanted) => expect(statusOf(facts(more), before).propagationMs).toBe(wanted));
});

test('bad settings keep the version of the good ones, which says that there were any', () => {
  const before = statusOf(facts({ version: 'sha256:old' }), null);
  expect(statusOf(facts({ version: null, problems: ['no'] }), before).version).toBe('sha256:old');
  expect(statusOf(facts({ version: null }), before).version).toBeUndefined();
});

test('open circuits are one text', () => {
  expect(statusOf(facts({ openCircuits: ['a', 'b'] }), null).openCircuits).toBe('a,b');
  expect(statusOf(facts(), null)).not.toHaveProperty('openCircuits');
});

test('when a silent pod counts as one without a sidecar', () => {
  expect(missingAtMs({ name: 'p', standing: young })).toBe(100_001);
  expect(missingAtMs({ name: 'p', standing: late })).toBeNull();
});
