import type { FlagDefinition } from '@fusebox/api/snapshot.ts';
import { describe, expect, test } from 'vitest';
import { compileDefinition } from './flag-rules.ts';

const flag = (more: Partial<FlagDefinition> = {}): FlagDefinition => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  targeting: null,
  metadata: {},
  offWhile: null,
  ...more,
});
const evaluate = (more: Partial<FlagDefinition>, context: Record<string, unknown> = {}) =>
  compileDefinition('new_search', flag(more))(context);
const on = (condition: unknown): Partial<FlagDefinition> => ({ targeting: { if: [condition, 'on'] } });

describe('without a rule', () => {
  test('the default variant is static', () => {
    expect(evaluate({ metadata: { team: 'web' } })).toEqual({
      value: false,
      reason: 'STATIC',
      variant: 'off',
      error: null,
      metadata: { team: 'web' },
    });
  });

  test('no default is the default of the caller', () => {
    expect(evaluate({ defaultVariant: null })).toMatchObject({ value: undefined, reason: 'DEFAULT', error: null });
  });

  test('a disabled flag is the default of the caller', () => {
    expect(evaluate({ state: 'DISABLED' })).toMatchObject({ value: undefined, reason: 'DISABLED', error: null });
  });
});

test.each<[what: string, condition: unknown, yes: object, no: object]>([
  ['starts_with', { starts_with: [{ var: 'a' }, 'x'] }, { a: 'xy' }, { a: 'yx' }],
  ['ends_with', { ends_with: [{ var: 'a' }, 'x'] }, { a: 'yx' }, { a: 'xy' }],
  ['sem_ver', { sem_ver: [{ var: 'a' }, '>=', '1.2.0'] }, { a: '1.10.0' }, { a: '1.1.9' }],
  ['sem_ver ^', { sem_ver: [{ var: 'a' }, '^', '1.2.0'] }, { a: '1.9.0' }, { a: '2.0.0' }],
  ['in', { in: [{ var: 'a' }, ['x', 'y']] }, { a: 'y' }, { a: 'z' }],
  ['a deep name', { '==': [{ var: 'a.b' }, 1] }, { a: { b: 1 } }, { a: { b: 2 } }],
  ['and, or, !', { and: [{ or: [{ var: 'a' }, { var: 'b' }] }, { '!': { var: 'c' } }] }, { b: 1 }, { a: 1, c: 1 }],
  ['its own key', { '==': [{ var: '$flagd.flagKey' }, { var: 'key' }] }, { key: 'new_search' }, { key: 'x' }],
])('a rule with %s', (_what, condition, yes, no) => {
  expect(evaluate(on(condition), { ...yes })).toMatchObject({ value: true, variant: 'on', reason: 'TARGETING_MATCH' });
  // A rule that says nothing leaves the default.
  expect(evaluate(on(condition), { ...no })).toMatchObject({ value: false, variant: 'off', reason: 'DEFAULT' });
});

describe('a share', () => {
  const half = {
    targeting: {
      fractional: [
        ['on', 50],
        ['off', 50],
      ],
    },
  };

  test('goes by the targeting key, together with the key of the flag', () => {
    const outcomes = Array.from({ length: 1_000 }, (_, at) => evaluate(half, { targetingKey: `user-${at}` }).value);
    const share = outcomes.filter((value) => value === true).length;
    expect(share).toBeGreaterThan(450);
    expect(share).toBeLessThan(550);
    expect(evaluate(half, { targetingKey: 'user-7' })).toEqual(evaluate(half, { targetingKey: 'user-7' }));
  });

  // What flagd says of 10,000 keys is in test/flagd.
  test('goes by the bytes of a key, whatever it is written in', () => {
    expect(['пользователь-79bcebbe', 'ユーザー-2d5011a0'].map((key) => evaluateHalves(key))).toEqual(['0', '0']);
  });

  test('without one the default holds', () => {
    expect(evaluate(half)).toMatchObject({ value: false, reason: 'DEFAULT' });
  });
});

const evaluateHalves = (targetingKey: string): unknown => {
  const variants = { 0: 0, 1: 1 };
  const targeting = {
    fractional: [
      ['0', 50],
      ['1', 50],
    ],
  };
  return compileDefinition('halves', flag({ variants, defaultVariant: null, targeting }))({ targetingKey }).variant;
};

describe("flagd's error, for this flag alone", () => {
  test.each<[what: string, more: Partial<FlagDefinition>, code: string]>([
    ['an operator that nobody knows', { targeting: { matches: [1] } }, 'PARSE_ERROR'],
    ['a variant that is not there', { targeting: { if: [true, 'green'] } }, 'GENERAL'],
    ['an outcome that has no text', { targeting: { var: 'a' } }, 'GENERAL'],
  ])('%s', (_what, more, code) => {
    const { value, reason, error } = evaluate(more, { a: { toString: 1 } });
    expect([value, reason, error?.code]).toEqual([undefined, 'ERROR', code]);
  });
});
