import { expect, test } from 'vitest';

import type { RouteSettings } from '../snapshot.ts';
import { gateWarnings, mergeFlags } from './flags.ts';

test('the highest rank that names a flag decides it', () => {
  expect(mergeFlags([{ flags: { a: true, b: true } }, {}, { flags: { b: false, c: true } }])).toEqual({
    a: true,
    b: false,
    c: true,
  });
});

test('a gate by a flag that nobody defines is told', () => {
  const route = (name: string, flag: string | null) => ({ name, flag }) as RouteSettings;
  expect(gateWarnings([route('x', 'a'), route('y', 'toString'), route('z', null)], { a: false })).toEqual([
    'the route y is gated by the unknown flag toString, which reads false: it answers 404',
  ]);
});
