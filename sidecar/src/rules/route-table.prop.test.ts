import type { RouteMatch } from '@fusebox/api/snapshot.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchRoute, newRouteTable } from './route-table.ts';

const literal = fc.constantFrom('a', 'b', 'ab');
const path = fc.array(literal, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`);
const match: fc.Arbitrary<RouteMatch> = fc.record({
  methods: fc.subarray(['GET', 'HEAD', 'POST'], { maxLength: 2 }),
  headers: fc.array(fc.record({ name: fc.constantFrom('x', 'y'), exact: fc.constantFrom('1', '2') }), { maxLength: 1 }),
  path: fc.oneof(
    fc.constant({ kind: 'any' as const }),
    fc.record({ kind: fc.constant('exact' as const), path }),
    fc.record({ kind: fc.constant('prefix' as const), prefix: path }),
    fc.record({
      kind: fc.constant('pattern' as const),
      segments: fc.array(fc.option(literal), { minLength: 1, maxLength: 3 }),
      names: fc.constant<string[]>([]),
    }),
  ),
});

const when = { flag: 'a', variant: null };

/** The test's own matcher: by segments, by regular expression, one route after the other. */
function matches(route: RouteMatch, request: { method: string; path: string; headers: Map<string, string> }): boolean {
  const escape = (segments: (string | null)[]): string => segments.map((text) => text ?? '[^/]+').join('/');
  const forms = {
    any: () => /^/,
    exact: () => new RegExp(`^${(route.path as { path: string }).path}$`),
    prefix: () => new RegExp(`^${(route.path as { prefix: string }).prefix.replace(/\/$/, '')}(/|$)`),
    pattern: () => new RegExp(`^/${escape((route.path as { segments: (string | null)[] }).segments)}$`),
  };
  return (
    forms[route.path.kind]().test(request.path) &&
    (route.methods.length === 0 || route.methods.some((method) => method === request.method)) &&
    route.headers.every(({ name, exact }) => request.headers.get(name) === exact)
  );
}

test('the table finds what a search from the top finds, in any order of routes', () => {
  const found = new Set<number>();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(match, fc.constantFrom('no flag', 'no flag', 'chosen', 'not chosen')), { maxLength: 8 }),
      fc.constantFrom('GET', 'HEAD', 'POST'),
      fc.oneof(
        path,
        path.map((text) => `${text.replace(/\/$/, '')}/`),
      ),
      fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
      (flagged, method, requested, headers) => {
        const routes = flagged.map(([each]) => each);
        const values = new Map(Object.entries(headers));
        const expected = flagged.findIndex(
          ([each, flag]) => flag !== 'not chosen' && matches(each, { method, path: requested, headers: values }),
        );
        const table = newRouteTable(
          flagged.map(([each, flag]) => (flag === 'no flag' ? { match: each } : { match: each, when })),
        );
        const selects = (index: number, asking: object): boolean => {
          expect(asking).toBe(view);
          expect(matches(routes[index]!, { method, path: requested, headers: values })).toBe(true);
          expect(flagged[index]![1]).not.toBe('no flag');
          return flagged[index]![1] === 'chosen';
        };
        const view = { method, path: requested, header: (name: string) => values.get(name) ?? null };
        expect(matchRoute(table, view, selects)).toBe(expected);
        found.add(expected);
      },
    ),
    { numRuns: 5000 },
  );
  expect([...found].toSorted((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
});
