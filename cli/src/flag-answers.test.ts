import { expect, test } from 'vitest';
import { compareAnswers, type FlagAnswer, flagTable } from './flag-answers.ts';

const on: FlagAnswer = { key: 'search', value: true, variant: 'on', reason: 'STATIC', metadata: {} };
const of = (...answers: [sidecar: string, ...FlagAnswer[]][]) =>
  answers.map(([sidecar, ...given]) => ({ sidecar, answers: given }));
const lines = (...answers: [sidecar: string, ...FlagAnswer[]][]): string[] =>
  flagTable(compareAnswers(of(...answers)))
    .trimEnd()
    .split('\n');

test('pods that agree are one line', () => {
  const theme: FlagAnswer = { key: 'theme', value: { dark: true }, variant: 'night', reason: 'TARGETING_MATCH' };
  expect(lines(['a', on, theme], ['b', theme, on], ['c', on, theme])).toEqual([
    'FLAG    VALUE          VARIANT  REASON           PODS',
    'search  true           on       STATIC           3 pods',
    'theme   {"dark":true}  night    TARGETING_MATCH  3 pods',
  ]);
});

test('pods that differ are marked and named, most of them first', () => {
  const off: FlagAnswer = {
    key: 'search',
    value: false,
    variant: 'off',
    reason: 'TARGETING_MATCH',
    metadata: { reason: 'CIRCUIT_OPEN', circuit: 'inbound/user' },
  };
  const plain: FlagAnswer = { ...on, key: 'a' };
  expect(lines(['x', plain, off], ['y', plain, on], ['z', plain, on])).toEqual([
    '   FLAG    VALUE  VARIANT  REASON                     PODS',
    '   a       true   on       STATIC                     3 pods',
    '!  search  true   on       STATIC                     y, z',
    '!          false  off      CIRCUIT_OPEN inbound/user  x',
  ]);
});

test('one pod stands with its name, errors and missing values with what they mean', () => {
  const error: FlagAnswer = { key: 'broken', errorCode: 'PARSE_ERROR', errorDetails: 'no such operator' };
  const disabled: FlagAnswer = { key: 'closed', reason: 'DISABLED' };
  const long: FlagAnswer = { ...on, key: 'long', value: 'x'.repeat(100) };
  expect(lines(['users-1', error, disabled, long])).toEqual([
    `FLAG    VALUE${' '.repeat(57)}VARIANT  REASON                               PODS`,
    `broken  -${' '.repeat(61)}-        ERROR PARSE_ERROR: no such operator  users-1`,
    `closed  the caller's default${' '.repeat(42)}-        DISABLED                             users-1`,
    `long    "${'x'.repeat(58)}…  on       STATIC                               users-1`,
  ]);
});

test.each<[what: string, other: Partial<FlagAnswer>, same: boolean]>([
  ['its metadata', { metadata: { team: 'web' } }, true],
  ['its variant', { variant: 'yes' }, false],
  ['its reason', { reason: 'DEFAULT' }, false],
  ['its value', { value: 'true' }, false],
  ['an error', { errorCode: 'GENERAL' }, false],
])('an answer that differs by %s', (_what, other, same) => {
  const [flag] = compareAnswers(of(['a', on], ['b', { ...on, ...other }]));
  expect(flag?.agreed).toBe(same);
});

test('values are compared by what they mean, whole', () => {
  const value = (text: string): FlagAnswer => ({ ...on, value: JSON.parse(text) as unknown });
  expect(compareAnswers(of(['a', value('{"x":1,"y":2}')], ['b', value('{"y":2,"x":1}')]))[0]?.agreed).toBe(true);
  const long = 'x'.repeat(100);
  expect(compareAnswers(of(['a', value(`"${long}1"`)], ['b', value(`"${long}2"`)]))[0]?.agreed).toBe(false);
  const { value: _value, ...without } = on;
  expect(compareAnswers(of(['a', { ...on, value: null }], ['b', without]))[0]?.agreed).toBe(false);
});
