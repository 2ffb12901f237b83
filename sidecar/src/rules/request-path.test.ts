import { expect, test } from 'vitest';
import { normalisePath } from './request-path.ts';

test.each([
  ['/', '/'],
  ['/users/1', '/users/1'],
  ['/.well-known/x', '/.well-known/x'],
  ['/a..b/.c/d.', '/a..b/.c/d.'],
  ['/%61dmin', '/admin'],
  ['/%7Euser/%2d', '/~user/-'],
  ['/a%2fb%3f', '/a%2Fb%3F'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  // RFC 3986 §5.2.4
  ['/a/b/c/./../../g', '/a/g'],
  ['/a/./b', '/a/b'],
  ['/a/.', '/a/'],
  ['/a/b/..', '/a/'],
  ['/..', '/'],
  ['/../../etc', '/etc'],
  ['/%2e%2E/x', '/x'],
  ['/a/%2e', '/a/'],
  ['/a/..%2fb', '/a/..%2Fb'],
  ['//admin', '/admin'],
  ['/a///b//', '/a/b/'],
  ['/a//../b', '/a/b'],
  // a stray % could make a new escape
  ['/%', '/%25'],
  ['/%4', '/%254'],
  ['/%zz', '/%25zz'],
  ['/%%36%31', '/%2561'],
  ['/%2561', '/%2561'],
  ['*', '*'],
  ['%2a/..', '%2A/..'],
  ['', ''],
])('%s is %s', (path, normal) => {
  expect(normalisePath(path)).toBe(normal);
});
