import { expect, test } from 'vitest';
import { pathParameters } from './path-parameters.ts';

const pattern = { kind: 'pattern', segments: ['users', null, 'orders', null], names: ['user', 'order'] } as const;

test.each([
  ['/users/7/orders/a-1', { user: '7', order: 'a-1' }],
  ['/users/%C3%B6%20/orders/a%2Fb', { user: 'ö ', order: 'a/b' }],
  ['//users/./7/orders/%zz', { user: '7', order: '%zz' }],
])('%s', (path, expected) => {
  const match = { ...pattern, segments: [...pattern.segments], names: [...pattern.names] };
  expect(Object.fromEntries(pathParameters(match, path))).toEqual(expected);
});

test('a path that is no pattern has none', () => {
  expect(pathParameters({ kind: 'prefix', prefix: '/users' }, '/users/7')).toEqual([]);
});
