import type { RouteMatch } from '@fusebox/api/snapshot.ts';
import { describe, expect, test } from 'vitest';
import { matchRoute, newRouteTable, type RequestView } from './route-table.ts';

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
