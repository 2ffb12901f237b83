import { expect, test } from 'vitest';
import { FIELD, fieldId } from './known-fields.ts';

const idOf = (name: string): number => {
  const bytes = Buffer.from(`:${name}:`, 'latin1');
  return fieldId(bytes, 1, bytes.length - 1);
};

test.each([
  ['Host', FIELD.host],
  ['hOST', FIELD.host],
  ['TE', FIELD.te],
  ['te', FIELD.te],
  ['CONTENT-LENGTH', FIELD.contentLength],
  ['Transfer-Encoding', FIELD.transferEncoding],
  ['Proxy-Authorization', FIELD.proxyAuthorization],
  ['X-Request-Id', FIELD.requestId],
  ['traceparent', FIELD.traceparent],
])('a field that is acted on is known in any case: %s', (name, id) => {
  expect(idOf(name)).toBe(id);
});

test.each([
  ['a longer name', 'Content-Length2'],
  ['a shorter name', 'Content-Lengt'],
  ['an underscore for a dash', 'Content_Length'],
  ['a byte that differs from a dash only in the bit of case', 'Content\rLength'],
  ['a byte that differs from a letter only in that bit and one more', 'ho\x93t'],
  ['a mark in the place of a letter', 'h`st'],
  ['a name longer than any known', 'x'.repeat(200)],
  ['an empty name', ''],
])('and no other name is: %s', (_, name) => {
  expect(idOf(name)).toBe(FIELD.other);
});

test('each has a bit of its own in a mask of 31', () => {
  const ids = Object.values(FIELD);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.max(...ids)).toBeLessThan(31);
});
