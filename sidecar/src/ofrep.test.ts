import { expect, test } from 'vitest';
import { etagOf, isFresh } from './ofrep.ts';

const etag = etagOf({ a: 1 });

test.each([
  [undefined, false],
  ['', false],
  ['"other"', false],
  [etag, true],
  [`W/${etag}`, true],
  [`"other", ${etag}`, true],
  ['*', true],
])('If-None-Match: %s', (value, fresh) => {
  expect(isFresh(value, etag)).toBe(fresh);
});

test('equal values have equal validators, in whatever order their fields stand', () => {
  expect(etagOf({ a: 1, b: 2 })).toBe(etagOf({ b: 2, a: 1 }));
  expect(etagOf({ a: 1 })).not.toBe(etagOf({ a: 2 }));
});
