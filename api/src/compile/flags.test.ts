import { expect, test } from 'vitest';

import type { FlagsSpec } from '../flag-set.ts';
import type { RouteSettings } from '../snapshot.ts';
import { circuitWarnings, gateWarnings, settleFlags, whenWarnings } from './flags.ts';

const route = (name: string, flag: string | null = null) => ({ name, flag }) as RouteSettings;
const variants = { on: true, off: false };
const set = (flags: NonNullable<FlagsSpec['flags']>, more: FlagsSpec = {}): FlagsSpec => ({ flags, ...more });

test('the highest rank that names a flag decides it', () => {
  const { content } = settleFlags([set({ a: true, b: true }), {}, set({ b: false, c: true })]);
  expect(content).toEqual({ flags: { a: true, b: false, c: true } });
});

test('a definition of a higher rank takes the place of a boolean, and the other way round', () => {
  const full = { state: 'ENABLED', variants, defaultVariant: 'on' } as const;
  const { content } = settleFlags([set({ a: false, b: full }), set({ a: full, b: false })]);
  expect(content).toEqual({
    flags: { a: true, b: false },
    flagDefinitions: {
      a: { state: 'ENABLED', variants, defaultVariant: 'on', targeting: null, metadata: {}, offWhile: null },
    },
  });
});

test.each([
  ['its default', { state: 'ENABLED', variants, defaultVariant: 'on' }, true],
  ['false where the default is', { state: 'ENABLED', variants, defaultVariant: 'off' }, false],
  ['false when it is disabled', { state: 'DISABLED', variants, defaultVariant: 'on' }, false],
  ['false when it has no default', { state: 'ENABLED', variants }, false],
  ['false when it is no boolean', { state: 'ENABLED', variants: { on: 'yes' }, defaultVariant: 'on' }, false],
] as const)('readers that know no definitions get %s', (_what, flag, value) => {
  expect(settleFlags([set({ a: flag })]).content.flags).toEqual({ a: value });
});

test('shared rules are written out, each document its own', () => {
  const flag = { state: 'ENABLED', variants, targeting: { if: [{ $ref: 'staff' }, 'on'] } } as const;
  const { content } = settleFlags([
    set({ a: flag }, { $evaluators: { staff: { in: ['@a', { var: 'email' }] } } }),
    set({ b: flag }, { $evaluators: { staff: { '==': [{ var: 'staff' }, true] } } }),
  ]);
  expect(content.flagDefinitions?.['a']?.targeting).toEqual({ if: [{ in: ['@a', { var: 'email' }] }, 'on'] });
  expect(content.flagDefinitions?.['b']?.targeting).toEqual({ if: [{ '==': [{ var: 'staff' }, true] }, 'on'] });
});

test('contexts merge by header, in any case', () => {
  const { content } = settleFlags([
    { context: { headers: { 'X-User': 'user', 'x-plan': 'plan' }, pathParameters: true } },
    { context: { headers: { 'x-user': 'targetingKey' } } },
  ]);
  expect(content.flagContext).toEqual({
    headers: { 'x-plan': 'plan', 'x-user': 'targetingKey' },
    pathParameters: true,
  });
});

test('an operator that flagd does not know is told', () => {
  const flag = {
    state: 'ENABLED',
    variants,
    targeting: { if: [{ matches: [{ var: 'a' }, 'b'] }, 'on', null] },
  } as const;
  expect(settleFlags([set({ a: flag })]).warnings).toEqual([
    'the targeting of the flag a has the unknown operator "matches": its evaluation fails',
  ]);
});

test('a flag that follows a circuit which is not there is told', () => {
  const flag = { state: 'ENABLED', variants, offWhile: { circuitOpen: 'inbound/user', for: '2s' } } as const;
  const { content } = settleFlags([set({ a: flag })]);
  expect(content.flagDefinitions?.['a']?.offWhile).toEqual({ circuit: 'inbound/user', forMs: 2000, recoverAfterMs: 0 });
  expect(circuitWarnings(content, [route('user')])).toEqual([]);
  expect(circuitWarnings(content, [route('users')])).toEqual([
    'the flag a follows the circuit inbound/user, which no route has',
  ]);
});

test('a gate by a flag that nobody defines is told', () => {
  expect(gateWarnings([route('x', 'a'), route('y', 'toString'), route('z')], { a: false })).toEqual([
    'the route y is gated by the unknown flag toString, which reads false: it answers 404',
  ]);
});

test('a route that waits for what its flag never is is told', () => {
  const { content } = settleFlags([
    set({
      plain: false,
      sizes: { state: 'ENABLED', variants: { small: 1, large: 2 } },
      full: { state: 'ENABLED', variants: { yes: true, no: false } },
    }),
  ]);
  const warned = (flag: string, variant: string | null) =>
    whenWarnings([{ name: 'r', when: { flag, variant } } as RouteSettings], content);
  for (const [flag, variant] of [
    ['plain', null],
    ['plain', 'on'],
    ['plain', 'off'],
    ['full', null],
    ['full', 'no'],
    ['sizes', 'large'],
  ] as const) {
    expect(warned(flag, variant)).toEqual([]);
  }
  expect(warned('none', 'a')).toEqual(['the route r waits for the unknown flag none: it is never chosen']);
  expect(warned('toString', null)).toHaveLength(1);
  expect(warned('plain', 'gold')).toEqual([
    'the route r waits for a variant "gold", which the flag plain never has: it is never chosen',
  ]);
  expect(warned('full', 'toString')).toHaveLength(1);
  expect(warned('sizes', null)).toEqual([
    'the route r waits for a value true, which the flag sizes never has: it is never chosen',
  ]);
});
