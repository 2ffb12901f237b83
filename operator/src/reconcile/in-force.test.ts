import { resiliencePolicy } from '@fusebox/api/testing/builders.ts';
import { expect, test } from 'vitest';
import { documentInForce, holds, type InForce, inForceOf } from './in-force.ts';
import type { Source } from './source.ts';

const document = resiliencePolicy({});
const older = resiliencePolicy({ mode: 'Shadow' });
const source = (good: boolean): Source => ({
  kind: 'ResiliencePolicy',
  namespace: 'shop',
  name: 'users',
  uid: 'u1',
  generation: 2,
  resourceVersion: null,
  reading: good ? { document } : { problems: ['spec: no'] },
  claim: document,
  status: null,
  seenAtMs: 0,
});
const current: InForce = { state: 'current', document: older, tag: 'u1@1' };
const lastGood: InForce = { state: 'lastGood', document: older, tag: 'u1@1' };
const fresh = { revision: null, wasAccepted: false };

test.each<[string, boolean, InForce | null, typeof fresh | { revision: string; wasAccepted: boolean }, InForce]>([
  ['good settings are in force', true, null, fresh, { state: 'current', document, tag: 'u1@2' }],
  ['good settings end whatever was', true, { state: 'frozen' }, fresh, { state: 'current', document, tag: 'u1@2' }],
  ['a bad edit leaves the good ones before', false, current, fresh, lastGood],
  ['another bad edit, too', false, lastGood, fresh, lastGood],
  ['what never was good is not in force', false, null, fresh, { state: 'none' }],
  [
    'not even after another bad edit',
    false,
    { state: 'none' },
    { revision: null, wasAccepted: true },
    { state: 'none' },
  ],
  [
    'after a restart they are read from the revision',
    false,
    null,
    { revision: 'r', wasAccepted: true },
    { state: 'saved', revision: 'r' },
  ],
  ['a revision alone is enough', false, null, { revision: 'r', wasAccepted: false }, { state: 'saved', revision: 'r' }],
  ['accepted once, but lost', false, null, { revision: null, wasAccepted: true }, { state: 'frozen' }],
])('%s', (_promise, good, before, traces, wanted) => {
  expect(inForceOf(source(good), before, traces)).toEqual(wanted);
});

test('pods keep what they run only while settings that were good are not known', () => {
  const states: InForce[] = [
    current,
    lastGood,
    { state: 'none' },
    { state: 'saved', revision: 'r' },
    { state: 'frozen' },
  ];
  expect(states.filter(holds).map(({ state }) => state)).toEqual(['saved', 'frozen']);
  expect(states.map((state) => documentInForce(state) !== null)).toEqual([true, true, false, false, false]);
});
