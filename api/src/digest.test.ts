import { expect, test } from 'vitest';

import { canonicalJson, digestOf } from './digest.ts';

test('the canonical form sorts keys at every depth and keeps the order of lists', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }, 'x'], a: true })).toBe('{"a":true,"b":[{"c":null,"d":1},"x"]}');
});

test('a field that is undefined is as good as none', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe(canonicalJson({ b: 1 }));
});

test('the digest is SHA-256 over the canonical form', () => {
  // echo -n '{}' | sha256sum
  expect(digestOf({})).toBe('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
