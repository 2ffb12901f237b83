import fc from 'fast-check';
import { expect, test } from 'vitest';
import { integer, octets, oid } from './der.ts';

test('an integer has the shortest form that is not negative, and keeps its value', () => {
  const digits = fc.uint8Array({ minLength: 1, maxLength: 20 }).filter((bytes) => bytes.some((byte) => byte !== 0));
  fc.assert(
    fc.property(
      fc.oneof(digits, fc.constant(Uint8Array.of(0, 0, 0x80)), fc.constant(Uint8Array.of(0, 0x7f))),
      (bytes) => {
        const der = integer(Buffer.from(bytes));
        const content = der.subarray(2);
        expect([der[0], der[1]]).toEqual([2, content.length]);
        expect(BigInt(`0x${content.toString('hex')}`)).toBe(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
        expect(content[0]).toBeLessThan(0x80);
        if (content.length > 1 && content[0] === 0) expect(content[1]).toBeGreaterThanOrEqual(0x80);
      },
    ),
  );
});

test('a length says how many bytes follow, in the shortest form', () => {
  for (const [length, head] of [
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_535, '0482ffff'],
  ] as const) {
    const der = octets(Buffer.alloc(length));
    expect(der.subarray(0, der.length - length).toString('hex')).toBe(head);
  }
});

test('an identifier is written in base 128', () => {
  expect(oid('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
  expect(oid('2.5.29.17').toString('hex')).toBe('0603551d11');
});
