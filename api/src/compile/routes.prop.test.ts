import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { RouteMatchSpec } from '../route-match.ts';
import { settleInbound } from './routes.ts';

const segment = fc.constantFrom('a', 'b', ':x', ':y');
const literal = fc.constantFrom('a', 'b');
const path = fc.oneof(
  fc.uniqueArray(segment, { maxLength: 3 }).map((segments): RouteMatchSpec => ({ path: `/${segments.join('/')}` })),
  fc.array(literal, { maxLength: 3 }).map((segments): RouteMatchSpec => ({ pathPrefix: `/${segments.join('/')}` })),
  fc.constant<RouteMatchSpec>({}),
);
const matches = fc.array(
  fc.tuple(path, fc.boolean(), fc.nat(2)).map(([where, get, headers]): RouteMatchSpec => ({
    ...where,
    ...(get && { methods: ['GET'] }),
    ...(headers > 0 && { headers: Array.from({ length: headers }, (_, at) => ({ name: `x-${at}`, exact: '1' })) }),
  })),
  { minLength: 2, maxLength: 6 },
);

/** Every path of at most three segments out of a, b and c, and longer ones: they tell any two of our paths apart. */
const PATHS = (() => {
  const longer = (paths: string[]): string[] => paths.flatMap((one) => ['a', 'b', 'c'].map((last) => `${one}/${last}`));
  const [one, two, three] = [longer(['']), longer(longer([''])), longer(longer(longer([''])))];
  return ['/', ...one, ...two, ...three, ...three.map((start) => `${start}/d`)];
})();
const REQUESTS = PATHS.flatMap((one) =>
  ['GET', 'PUT'].flatMap((method) => [0, 1, 2].map((headers) => ({ one, method, headers }))),
);

/** The requests that a match takes, by their places. */
function taken({ methods, headers = [], path: pattern, pathPrefix }: RouteMatchSpec): Set<number> {
  const form = pattern === undefined ? null : new RegExp(`^${pattern.replaceAll(/:\w/g, '[^/]+')}$`);
  const found = new Set<number>();
  for (const [place, request] of REQUESTS.entries()) {
    if (methods !== undefined && !methods.includes(request.method)) continue;
    if (headers.length > request.headers) continue;
    if (pathPrefix !== undefined && pathPrefix !== '/' && !`${request.one}/`.startsWith(`${pathPrefix}/`)) continue;
    if (form === null || form.test(request.one)) found.add(place);
  }
  return found;
}

const plain = (match: object): RouteMatchSpec => JSON.parse(JSON.stringify(match)) as RouteMatchSpec;

test('a route that takes only some of what another takes on the same path stands before it', () => {
  let compared = 0;
  fc.assert(
    fc.property(matches, (all) => {
      const routes = all.map((match, at) => ({ name: `r${at}`, match }));
      const around = { mode: 'Enforce', ruled: true, warn: () => {} } as const;
      const sorted = settleInbound({ inbound: { routes } }, around).routes.map(({ name }) => Number(name.slice(1)));
      for (const [place, narrow] of sorted.entries()) {
        for (const wide of sorted.slice(0, place)) {
          // Where their paths differ, the path alone decides, whatever methods and headers say.
          const [pathBefore, pathAfter] = [all[wide]!, all[narrow]!].map(({ path: one, pathPrefix }) =>
            taken(plain({ path: one, pathPrefix })),
          );
          if (pathBefore!.symmetricDifference(pathAfter!).size > 0) continue;
          compared += 1;
          const [before, after] = [taken(all[wide]!), taken(all[narrow]!)];
          expect(after.size < before.size && after.isSubsetOf(before)).toBe(false);
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(compared).toBeGreaterThan(13);
});

test('the order in the file means nothing', () => {
  fc.assert(
    fc.property(
      matches.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length })),
      ),
      ([all, order]) => {
        const around = { mode: 'Enforce', ruled: true, warn: () => {} } as const;
        const routes = all.map((match, at) => ({ name: `r${at}`, match }));
        const mixed = order.map((at) => routes[at]!);
        expect(settleInbound({ inbound: { routes: mixed } }, around)).toEqual(
          settleInbound({ inbound: { routes } }, around),
        );
      },
    ),
  );
});
