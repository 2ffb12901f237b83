import type { RouteMatch } from '@fusebox/api/snapshot.ts';
import { describe, expect, test } from 'vitest';
import { matchRoute as matchAny, newRouteTable, type RequestView, type RouteTable } from './route-table.ts';

const route = (changes: Partial<RouteMatch>): { match: RouteMatch } => ({
  match: { methods: [], path: { kind: 'any' }, headers: [], ...changes },
});
const exact = (path: string, changes: Partial<RouteMatch> = {}): { match: RouteMatch } =>
  route({ path: { kind: 'exact', path }, ...changes });
const prefix = (text: string): { match: RouteMatch } => route({ path: { kind: 'prefix', prefix: text } });
const pattern = (...segments: (string | null)[]): { match: RouteMatch } =>
  route({ path: { kind: 'pattern', segments, names: segments.filter((text) => text === null).map(() => 'id') } });
const request = (path: string, method = 'GET', headers: Record<string, string> = {}): RequestView => ({
  method,
  path,
  header: (name) => headers[name] ?? null,
});

/** No flag has a say in these. */
const matchRoute = (table: RouteTable, view: RequestView): number =>
  matchAny(table, view, () => {
    throw new Error('a route without `when` was asked for');
  });

describe('the path', () => {
  test.each([
    [exact('/users'), '/users', true],
    [exact('/users'), '/users/', false],
    [exact('/users'), '/x/../%75sers', true],
    [exact('/a%2fb'), '/a%2Fb', true],
    [exact('/a%2Fb'), '/a/b', false],
    [prefix('/users'), '/users', true],
    [prefix('/users'), '/users/', true],
    [prefix('/users'), '/users/1/x', true],
    [prefix('/users'), '/users2', false],
    [prefix('/users'), '//users', true],
    [prefix('/users'), '/user', false],
    [prefix('/'), '/anything', true],
    [prefix('/'), '*', false],
    [pattern('users', null), '/users/1', true],
    [pattern('users', null), '/users/', false],
    [pattern('users', null), '/users', false],
    [pattern('users', null), '/users/1/', false],
    [pattern('users', null), '/users/1/2', false],
    [pattern('users', null), '/userz/1', false],
    [pattern(null, 'x'), '/users/x', true],
    [pattern(null, 'x'), '/users/xy', false],
    [pattern(null, null), '/a/b', true],
    [pattern('caf%c3%a9', null), '/caf%C3%A9/1', true],
    [route({}), '*', true],
  ])('%j and %s: %s', (only, path, matches) => {
    expect(matchRoute(newRouteTable([only]), request(path))).toBe(matches ? 0 : -1);
  });
});

test('the first that matches wins, whatever kind it is', () => {
  const table = newRouteTable([
    exact('/users', { methods: ['POST'] }),
    pattern(null),
    exact('/users'),
    prefix('/users'),
    route({ methods: ['PUT'] }),
  ]);
  expect(matchRoute(table, request('/users', 'POST'))).toBe(0);
  expect(matchRoute(table, request('/users'))).toBe(1);
  expect(matchRoute(table, request('/users/1'))).toBe(3);
  expect(matchRoute(table, request('/a/b', 'PUT'))).toBe(4);
  expect(matchRoute(table, request('/a/b'))).toBe(-1);
});

test('methods are compared as they are; HEAD is not GET', () => {
  const table = newRouteTable([route({ methods: ['GET'] })]);
  expect(['GET', 'HEAD', 'get'].map((method) => matchRoute(table, request('/', method)))).toEqual([0, -1, -1]);
  expect(matchRoute(newRouteTable([route({ methods: ['HEAD'] })]), request('/', 'HEAD'))).toBe(0);
  expect(matchRoute(newRouteTable([route({})]), request('/', 'HEAD'))).toBe(0);
});

test('all headers must be there with exactly that value', () => {
  const headers = [
    { name: 'x-tier', exact: 'gold' },
    { name: 'x-b', exact: '' },
  ];
  const table = newRouteTable([route({ headers })]);
  expect(matchRoute(table, request('/', 'GET', { 'x-tier': 'gold', 'x-b': '' }))).toBe(0);
  expect(matchRoute(table, request('/', 'GET', { 'x-tier': 'gold' }))).toBe(-1);
  expect(matchRoute(table, request('/', 'GET', { 'x-tier': 'Gold', 'x-b': '' }))).toBe(-1);
});

test('no routes, no match', () => {
  expect(matchRoute(newRouteTable([]), request('/'))).toBe(-1);
});

test('a flag is asked last, only of routes that have one, in order, and no further than the first that it chooses', () => {
  const when = { flag: 'a', variant: null };
  const table = newRouteTable([
    { ...exact('/users', { methods: ['POST'] }), when },
    { ...exact('/users'), when },
    exact('/users'),
    { ...prefix('/users'), when },
    { ...prefix('/users'), when },
    prefix('/users'),
  ]);
  const chosen = (path: string, ...which: number[]) => {
    const asked: number[] = [];
    const index = matchAny(table, request(path), (at) => {
      asked.push(at);
      return which.includes(at);
    });
    return [index, asked];
  };
  expect(chosen('/users')).toEqual([2, [1]]);
  expect(chosen('/users', 0, 1)).toEqual([1, [1]]);
  expect(chosen('/users/1', 3, 4)).toEqual([3, [3]]);
  expect(chosen('/users/1', 4)).toEqual([4, [3, 4]]);
  expect(chosen('/users/1')).toEqual([5, [3, 4]]);
  expect(chosen('/other')).toEqual([-1, []]);
});
