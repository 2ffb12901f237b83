import { expect, test } from 'vitest';
import { cursorLinks, offsetLinks, readCursor } from './pages.ts';

/** What `Link` says: the query for each relation. */
const queries = (links: string): Record<string, string> =>
  Object.fromEntries([...links.matchAll(/<\/users\?([^>]*)>; rel="(\w+)"/g)].map(([, query, rel]) => [rel, query]));

test.each([
  ['the only page', { limit: 20, offset: 0, total: 3 }, { first: 0, last: 0 }],
  ['no user at all', { limit: 20, offset: 0, total: 0 }, { first: 0, last: 0 }],
  ['the first of three', { limit: 10, offset: 0, total: 25 }, { first: 0, next: 10, last: 20 }],
  ['the one between', { limit: 10, offset: 10, total: 25 }, { first: 0, prev: 0, next: 20, last: 20 }],
  ['the last', { limit: 10, offset: 20, total: 25 }, { first: 0, prev: 10, last: 20 }],
  ['full to the last place', { limit: 10, offset: 10, total: 20 }, { first: 0, prev: 0, last: 10 }],
  ['a page that begins in between', { limit: 10, offset: 5, total: 25 }, { first: 0, prev: 0, next: 15, last: 20 }],
  ['far beyond the end', { limit: 10, offset: 900, total: 25 }, { first: 0, prev: 20, last: 20 }],
])('%s', (_name, place, offsets) => {
  const expected = Object.entries(offsets).map(([rel, offset]) => [rel, `limit=${place.limit}&offset=${offset}`]);
  expect(queries(offsetLinks('/users', place))).toEqual(Object.fromEntries(expected));
});

test('a cursor that was handed out is read back', () => {
  const { next } = queries(cursorLinks('/users', { limit: 10, lastId: 4_711 }));
  expect(readCursor(new URLSearchParams(next).get('cursor')!)).toBe(4_711);
});

test('where nothing follows there is no next page', () => {
  expect(queries(cursorLinks('/users', { limit: 10, lastId: null }))).toEqual({ first: 'limit=10&cursor=' });
});

test.each(['x', 'MQ', 'YmVmb3JlOg', 'YmVmb3JlOjA', 'YmVmb3JlOi0x', 'YmVmb3JlOjk5OTk5OTk5OTk5OTk5OTk5'])(
  '%s is no cursor of ours',
  (cursor) => {
    expect(readCursor(cursor)).toBeNull();
  },
);
