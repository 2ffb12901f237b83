import { expect, test } from 'vitest';
import { isSampled, samplingThreshold } from './sampling.ts';

test.each([
  [1, '00000000000000'],
  [0.5, '80000000000000'],
  [0.25, 'c0000000000000'],
  [0.1, 'e6666666666666'],
  [0.01, 'fd70a3d70a3d71'],
  [2 ** -56, 'ffffffffffffff'],
  [0, 'g'],
])('the threshold of %d is %s', (ratio, threshold) => {
  expect(samplingThreshold(ratio)).toBe(threshold);
});

test.each([
  ['ffffffffffffffffff7fffffffffffff', 0.5, false],
  ['00000000000000000080000000000000', 0.5, true],
  ['ffffffffffffffffff00000000000000', 1, true],
  ['ffffffffffffffffffffffffffffffff', 0, false],
  ['ffffffffffffffffffffffffffffffff', 2 ** -56, true],
  ['ffffffffffffffffffe6666666666665', 0.1, false],
  ['ffffffffffffffffffe6666666666666', 0.1, true],
])('%s at %d: %s', (traceId, ratio, sampled) => {
  expect(isSampled(traceId, samplingThreshold(ratio))).toBe(sampled);
});
