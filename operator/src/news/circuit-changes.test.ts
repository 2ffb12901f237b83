import { expect, test } from 'vitest';
import { ackedOf } from '../testing/acked.ts';
import { CircuitChanges, circuitNews } from './circuit-changes.ts';

type State = 'Closed' | 'Open' | 'HalfOpen';
const report = (state: State, era: number, reason: string | null = null) =>
  ackedOf('users-1', { circuits: [{ route: 'user', state, era, reason }] });

/** What is told of the last of these reports. */
const last = (...reports: [State, number, (string | null)?][]): string[] => {
  const memory = new CircuitChanges();
  const told = reports.map(([state, era, reason = 'failure-rate']) => memory.report(report(state, era, reason)));
  return told.at(-1)!.map(({ from, to, era }) => `${from} → ${to} (${era})`);
};

test.each<[string, [State, number, (string | null)?][], string[]]>([
  [
    'a reset of a closed one (Shadow became Enforce) is no opening',
    [
      ['Closed', 0, null],
      ['Closed', 1, null],
    ],
    [],
  ],
  [
    'a reset of an open one closes it',
    [
      ['Open', 1],
      ['Closed', 2, null],
    ],
    ['Open → Closed (2)'],
  ],
  ['a closed circuit that was not known', [['Closed', 3]], []],
  ['an open circuit that was not known', [['Open', 3]], ['null → Open (3)']],
  [
    'nothing new',
    [
      ['Open', 3],
      ['Open', 3],
    ],
    [],
  ],
  [
    'it opens',
    [
      ['Closed', 0],
      ['Open', 1],
    ],
    ['Closed → Open (1)'],
  ],
  [
    'trials',
    [
      ['Open', 1],
      ['HalfOpen', 1],
    ],
    ['Open → HalfOpen (1)'],
  ],
  [
    'it closes',
    [
      ['HalfOpen', 1],
      ['Closed', 1],
    ],
    ['HalfOpen → Closed (1)'],
  ],
  [
    'the trials fail',
    [
      ['HalfOpen', 1],
      ['Open', 2],
    ],
    ['HalfOpen → Open (2)'],
  ],
  [
    'it opened again between two reports',
    [
      ['Open', 1],
      ['Open', 2],
    ],
    ['Open → Open (2)'],
  ],
  [
    'it opened and closed between two reports',
    [
      ['Closed', 1],
      ['Closed', 2],
    ],
    ['Closed → Open (2)', 'Open → Closed (2)'],
  ],
  [
    'it opened and tries between two reports',
    [
      ['Closed', 1],
      ['HalfOpen', 2],
    ],
    ['Closed → Open (2)', 'Open → HalfOpen (2)'],
  ],
  [
    'the sidecar began anew',
    [
      ['Open', 5],
      ['Closed', 0],
    ],
    [],
  ],
  [
    'the sidecar began anew, and it opened',
    [
      ['Open', 5],
      ['Open', 1],
    ],
    ['Closed → Open (1)'],
  ],
])('%s', (_, reports, told) => {
  expect(last(...reports)).toEqual(told);
});

test('pods and routes are told apart, and what is forgotten is not known', () => {
  const memory = new CircuitChanges();
  const both = [report('Open', 1).circuits[0]!, { route: 'other', state: 'Closed' as const, era: 0, reason: null }];
  expect(memory.report(ackedOf('a', { circuits: both })).map(({ route }) => route)).toEqual(['user']);
  expect(memory.report(ackedOf('b', { circuits: both }))).toHaveLength(1);
  memory.forget('a');
  expect(memory.report(ackedOf('a', { circuits: both }))).toHaveLength(1);
  memory.clear();
  expect(memory.report(ackedOf('b', { circuits: both }))).toHaveLength(1);
});

test.each<[State, string]>([
  ['Open', 'Warning CircuitOpened: the circuit of user opened in pod users-1: 5 failures in a row'],
  ['HalfOpen', 'Normal CircuitHalfOpened: the circuit of user lets trials through in pod users-1'],
])('in words: %s', (state, words) => {
  const [change] = new CircuitChanges().report(report(state, 1, '5 failures in a row'));
  const about = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'users-1', uid: 'users-1' };
  const { type, reason, note } = circuitNews(about, change!);
  expect(`${type} ${reason}: ${note}`).toBe(words);
});
