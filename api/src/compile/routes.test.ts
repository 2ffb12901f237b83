import { describe, expect, test } from 'vitest';

import type { RouteMatchSpec } from '../route-match.ts';
import type { RouteSpec } from '../route-settings.ts';
import { settleInbound } from './routes.ts';

type Named = Pick<RouteSpec, 'name' | 'match' | 'when'>;

function settle(routes: Named[]) {
  const warnings: string[] = [];
  const around = { mode: 'Enforce', ruled: true, warn: (message: string) => warnings.push(message) } as const;
  return { ...settleInbound({ inbound: { routes } }, around), warnings };
}
const matchOf = (match: RouteMatchSpec) => settle([{ name: 'a', match }]).routes[0]?.match;

test('the most specific route stands first, whatever the order in the file', () => {
  const inOrder: Named[] = [
    { name: 'exact-post', match: { path: '/users', methods: ['POST'] } },
    { name: 'exact-header', match: { path: '/users', headers: [{ name: 'x', exact: '1' }] } },
    { name: 'when-exact', match: { path: '/users' }, when: { flag: 'a' } },
    { name: 'exact', match: { path: '/users' } },
    { name: 'long-pattern', match: { path: '/a/:b/c/:d' } },
    { name: 'literal-first', match: { path: '/a/b/:c' } },
    { name: 'literal-later', match: { path: '/a/:b/c' } },
    { name: 'same-length-prefix', match: { pathPrefix: '/a/b/c' } },
    { name: 'pattern', match: { path: '/users/:id' } },
    {
      name: 'prefix-get-headers',
      match: { pathPrefix: '/api', methods: ['GET'], headers: [{ name: 'x', exact: '1' }] },
    },
    { name: 'prefix-get', match: { pathPrefix: '/api', methods: ['GET'] } },
    {
      name: 'prefix-two-headers',
      match: {
        pathPrefix: '/api',
        headers: [
          { name: 'x', exact: '1' },
          { name: 'y', exact: '1' },
        ],
      },
    },
    { name: 'prefix-one-header', match: { pathPrefix: '/api', headers: [{ name: 'x', exact: '1' }] } },
    { name: 'when-prefix', match: { pathPrefix: '/api' }, when: { flag: 'a', variant: 'b' } },
    { name: 'prefix', match: { pathPrefix: '/api' } },
    { name: 'any-delete', match: { methods: ['DELETE'] } },
    { name: 'root-header', match: { pathPrefix: '/', headers: [{ name: 'x', exact: '1' }] } },
    { name: 'any', match: {} },
    { name: 'root', match: { pathPrefix: '/' } },
  ];
  const names = inOrder.map(({ name }) => name);
  expect(settle(inOrder).routes.map(({ name }) => name)).toEqual(names);
  expect(settle(inOrder.toReversed()).routes.map(({ name }) => name)).toEqual(names);
});

test('where nothing else decides, the name does', () => {
  const routes = [
    { name: 'b', match: { path: '/b' } },
    { name: 'a', match: { path: '/a' } },
  ];
  expect(settle(routes).routes.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('what a flag must be stands beside the match', () => {
  const match = { path: '/a' };
  const [first, second, third] = settle([
    { name: 'a', match, when: { flag: 'f' } },
    { name: 'b', match, when: { flag: 'f', variant: 'gold' } },
    { name: 'c', match },
  ]).routes;
  expect(first?.when).toEqual({ flag: 'f', variant: null });
  expect(second?.when).toEqual({ flag: 'f', variant: 'gold' });
  expect(third).not.toHaveProperty('when');
});

describe('a match', () => {
  test.each<[RouteMatchSpec, object]>([
    [{}, { kind: 'any' }],
    [{ path: '/' }, { kind: 'exact', path: '/' }],
    [{ path: '/users/' }, { kind: 'exact', path: '/users/' }],
    [{ path: '/%7eusers/%2f' }, { kind: 'exact', path: '/~users/%2F' }],
    [
      { path: '/users/:id/posts/:post' },
      { kind: 'pattern', segments: ['users', null, 'posts', null], names: ['id', 'post'] },
    ],
    [{ pathPrefix: '/api/' }, { kind: 'prefix', prefix: '/api' }],
    [{ pathPrefix: '/' }, { kind: 'prefix', prefix: '/' }],
    [{ pathPrefix: '/m%c3%bcller' }, { kind: 'prefix', prefix: '/m%C3%BCller' }],
  ])('%j has the path %j', (match, path) => expect(matchOf(match)?.path).toEqual(path));

  test('has methods in upper case and headers by name in lower case, each once and in order', () => {
    const headers = [
      { name: 'X-B', exact: 'V' },
      { name: 'x-a', exact: '1' },
    ];
    expect(matchOf({ methods: ['post', 'GET', 'POST'], headers })).toMatchObject({
      methods: ['GET', 'POST'],
      headers: [
        { name: 'x-a', exact: '1' },
        { name: 'x-b', exact: 'V' },
      ],
    });
  });
});

describe('a warning tells', () => {
  test('a route without a match, also where a flag selects', () => {
    expect(settle([{ name: 'usr', when: { flag: 'f' } }]).warnings).toEqual([
      'the route usr has no match: it takes every request that no other route takes and for which the flag f selects it',
    ]);
  });

  test('a route that another with the same match and the same flag hides, and no other', () => {
    const match = { path: '/x' };
    const routes = [
      { name: 'a', match, when: { flag: 'f' } },
      { name: 'b', match, when: { flag: 'f', variant: 'on' } },
      { name: 'c', match, when: { flag: 'g' } },
      { name: 'd', match, when: { flag: 'g' } },
      { name: 'e', match },
    ];
    expect(settle(routes).warnings).toEqual(['the route d is never reached: c has the same match']);
  });

  test('a route without a match, which is easily a misspelt name', () => {
    expect(settle([{ name: 'usr' }]).warnings).toEqual([
      'the route usr has no match: it takes every request that no other route takes',
    ]);
  });

  test('a route that another with the same match hides', () => {
    const twins = [
      { name: 'b', match: { path: '/x/:id' } },
      { name: 'a', match: { path: '/x/:key' } },
    ];
    expect(settle(twins).warnings).toEqual(['the route b is never reached: a has the same match']);
  });
});
