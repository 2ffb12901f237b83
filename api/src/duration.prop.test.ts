import fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatDuration, parseDuration } from './duration.ts';

test('what is written from milliseconds reads back as the same milliseconds', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(100_000), fc.nat(Number.MAX_SAFE_INTEGER)), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
    }),
  );
});

test('a sum of units is the sum of its parts', () => {
  const amount = fc.nat(5_000);
  fc.assert(
    fc.property(amount, amount, amount, amount, (hours, minutes, seconds, rest) => {
      const text = `${hours}h${minutes}m${seconds}s${rest}ms`;
      expect(parseDuration(text)).toBe(((hours * 60 + minutes) * 60 + seconds) * 1000 + rest);
    }),
  );
});

test('decimals of a second are exact to the millisecond', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(999), (seconds, thousandths) => {
      const text = `${seconds}.${String(thousandths).padStart(3, '0')}s`;
      expect(parseDuration(text)).toBe(seconds * 1000 + thousandths);
    }),
  );
});
