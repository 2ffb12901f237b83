import { isIPv6 } from 'node:net';
import { expect, test } from 'vitest';
import { isAuthority } from './authority.ts';

const judge = (text: string): boolean => {
  const bytes = Buffer.from(`[${text}]`, 'latin1');
  return isAuthority(bytes, 1, bytes.length - 1);
};

test.each([
  ['', true],
  [':', true],
  ['a', true],
  ['a:65535', true],
  ['a:123456', false],
  ['a:8 0', false],
  ['a:80:80', false],
  ["A-z0.9_~!$&'()*+,;=", true],
  ['%41%2f', true],
  ['%4', false],
  ['%', false],
  ['%4g', false],
  ['a b', false],
  ['a\\b', false],
  ['[', false],
  ['[]', false],
  ['[::1]', true],
  ['[::1]:', true],
  ['[::1]:80', true],
  ['[::1]80', false],
  ['[::1]]', false],
  ['[[::1]]', false],
  ['a[::1]', false],
  ['[v1.a]', true],
  ['[V1f.a:b~]', true],
  ['[v1.]', false],
  ['[v.a]', false],
  ['[v1.a%20]', false],
  [`[v1.${'a'.repeat(100)}]`, false],
])('RFC 3986 §3.2.2: is %j a host with an optional port? %s', (text, expected) => {
  expect(judge(text)).toBe(expected);
});

test('RFC 3986 §3.2.2: an address in brackets is one that Node knows too', () => {
  const groups = ['', '0', 'f', '00a0', 'FFFF', '12345', 'g', '1.2.3.4', '1.2.3', '1.2.3.256', '01.2.3.4'];
  let accepted = 0;
  // Up to nine groups, drawn by counting: each length with each pair of odd groups at each pair of places.
  for (let length = 1; length <= 9; length++) {
    for (let first = 0; first < length; first++) {
      for (let second = first; second < length; second++) {
        for (const one of groups) {
          for (const other of groups) {
            const parts = Array.from({ length }, () => '1');
            parts[first] = one;
            parts[second] = other;
            const address = parts.join(':');
            const expected = isIPv6(address);
            if (expected) accepted++;
            if (judge(`[${address}]`) !== expected) expect.unreachable(`${address}: ${!expected}`);
          }
        }
      }
    }
  }
  expect(accepted).toBeGreaterThan(1_000);
});
