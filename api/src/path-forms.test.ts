import { describe, expect, test } from 'vitest';

import { isParameter, normaliseSegment, pathForm, prefixForm } from './path-forms.ts';

describe('a path in a match', () => {
  test.each([
    '/',
    '/users',
    '/users/',
    '/users/:id',
    '/a/:b/c/:d',
    "/a-b_c.d~e!$&'()+,;=:@",
    '/%2F',
    '/müller',
    '/a%20b',
  ])('may be %s', (path) => expect(pathForm(path)).toBeNull());

  test.each([
    ['users', 'is not a path: it starts with /'],
    ['', 'is not a path: it starts with /'],
    ['/users?x=1', 'has a query or a fragment: only the path is matched'],
    ['/users#top', 'has a query or a fragment: only the path is matched'],
    ['/a b', 'has a character that no path can have'],
    ['/a\n', 'has a character that no path can have'],
    ['/{id}', 'has a character that no path can have'],
    ['/a%2', 'has a % that is not followed by two hex digits'],
    ['/a%zz', 'has a % that is not followed by two hex digits'],
    ['/users/*', 'has a *, which matches only itself: use pathPrefix or a parameter like :id'],
    ['/a//b', 'has an empty segment (//)'],
    ['/a/../b', 'has a . or .. segment'],
    ['/a/%2e', 'has a . or .. segment'],
    ['/users/:id.json', 'has the parameter ":id.json": a parameter is a whole segment, like :id'],
    ['/users/:', 'has the parameter ":": a parameter is a whole segment, like :id'],
    ['/:a/:a', 'names one parameter twice'],
    [`/${'a'.repeat(1024)}`, 'is longer than 1024 characters'],
  ])('cannot be %j', (path, complaint) => expect(pathForm(path)).toBe(complaint));

  test('has no parameters where it is a prefix', () => {
    expect(prefixForm('/users/:id')).toBe('has a parameter: parameters stand in path, never in pathPrefix');
    expect(prefixForm('/users/')).toBeNull();
  });

  test.each([
    ['%7Eusers', '~users'],
    ['a%2fb', 'a%2Fb'],
    ['müller', 'm%C3%BCller'],
    ['m%c3%bcller', 'm%C3%BCller'],
    ['plain', 'plain'],
  ])('%s is compared as %s', (written, compared) => expect(normaliseSegment(written)).toBe(compared));

  test('a parameter is a colon and a name', () => {
    expect([':id', ':_x9'].map(isParameter)).toEqual([true, true]);
    expect(['id', ':', ':9', ':a-b'].map(isParameter)).toEqual([false, false, false, false]);
  });
});
