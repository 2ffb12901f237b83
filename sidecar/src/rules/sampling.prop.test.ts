import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSampled, samplingThreshold } from './sampling.ts';

const traceId = fc.bigInt({ min: 1n, max: 2n ** 128n - 1n }).map((id) => id.toString(16).padStart(32, '0'));
const ratio = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 1e-9, 0.1, 0.5));

test('decides as the numbers do: the low 56 bits against the rejected share of their range', () => {
  fc.assert(
    fc.property(traceId, ratio, (id, share) => {
      const rejected = 2n ** 56n - BigInt(Math.round(share * 2 ** 56));
      expect(isSampled(id, samplingThreshold(share))).toBe(BigInt(`0x${id}`) % 2n ** 56n >= rejected);
    }),
    { numRuns: 3000 },
  );
});

test('a higher ratio samples all that a lower one samples', () => {
  fc.assert(
    fc.property(traceId, ratio, ratio, (id, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      if (isSampled(id, samplingThreshold(low))) expect(isSampled(id, samplingThreshold(high))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('the share that is sampled is the ratio', () => {
  // Multiples of an odd constant spread evenly over the range.
  const uniform = Array.from({ length: 20_000 }, (_, i) =>
    ((BigInt(i) * 0x9e3779b97f4a7c15n) % 2n ** 56n).toString(16).padStart(32, '0'),
  );
  const share = uniform.filter((id) => isSampled(id, samplingThreshold(0.1))).length / uniform.length;
  expect(share).toBeCloseTo(0.1, 2);
});
