import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { combineTracestate, formatTraceparent, parseTraceparent } from './trace-context.ts';

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length });

test('what is written is read back', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), fc.boolean(), (traceId, spanId, sampled, random) => {
      fc.pre(!/^0+$/.test(traceId) && !/^0+$/.test(spanId));
      const parent = { traceId, spanId, sampled, random };
      expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent);
    }),
  );
});

test('one wrong character makes a traceparent of version 00 invalid or another valid one of the same length', () => {
  let invalid = 0;
  const chars = '0a9fF-gG .\n\u00e9'.split('');
  fc.assert(
    fc.property(hex(32), hex(16), fc.nat(54), fc.constantFrom(...chars), (traceId, spanId, at, char) => {
      const valid = `00-${traceId}-${spanId}-01`;
      const bent = valid.slice(0, at) + char + valid.slice(at + 1);
      const isValid =
        /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(bent) && bent.length === 55;
      if (!isValid) invalid++;
      expect(parseTraceparent(bent) !== null).toBe(isValid);
    }),
    { numRuns: 3000 },
  );
  expect(invalid).toBeGreaterThan(250);
});

const member = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c', 'vendor', 't@s'),
    fc.integer({ min: 0, max: 99 }),
    fc.constantFrom(1, 8, 126, 200),
  )
  .map(([key, number, length]) => `${key}${number}=${'v'.repeat(length)}`);

test('what is passed on is a valid list of whole entries, each key once, in order, within 512 characters', () => {
  let shortened = 0;
  fc.assert(
    fc.property(fc.array(fc.array(member, { maxLength: 8 }), { maxLength: 4 }), (lines) => {
      const sent = lines.flat();
      const passed = combineTracestate(lines.map((entries) => entries.join(', ')))?.split(/, ?/) ?? [];
      const keys = passed.map((entry) => entry.split('=')[0]);
      expect(new Set(keys).size).toBe(keys.length);
      expect(passed.join(',').length).toBeLessThanOrEqual(512);
      const unique = sent.filter(
        (entry, i) => sent.findIndex((each) => each.split('=')[0] === entry.split('=')[0]) === i,
      );
      if (unique.join(', ').length <= 512) expect(passed).toEqual(unique);
      else {
        shortened++;
        // A subsequence, and nothing small was dropped from before something that stayed.
        const lost = unique.filter((entry) => !passed.includes(entry));
        expect(unique.filter((entry) => passed.includes(entry))).toEqual(passed);
        const lostSmall = lost.filter((entry) => entry.length <= 128);
        if (lostSmall.length > 0) {
          const firstLost = unique.indexOf(lostSmall[0]!);
          expect(passed.every((entry) => unique.indexOf(entry) < firstLost)).toBe(true);
          expect(passed.every((entry) => entry.length <= 128)).toBe(true);
        }
      }
    }),
    { numRuns: 1000 },
  );
  expect(shortened).toBeGreaterThan(25);
});
