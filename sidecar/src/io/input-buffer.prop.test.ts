import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { InputBuffer } from './input-buffer.ts';

const step = fc.oneof(
  fc.record({ push: fc.constantFrom(1, 1, 2, 40, 1_000, 5_000) }),
  fc.record({ useShare: fc.constantFrom(0, 0.1, 0.5, 1) }),
);

test('the unused bytes are those that were pushed and not used, and a place in them moves as it is said', () => {
  let moves = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const input = new InputBuffer();
      let expected = Buffer.alloc(0);
      let next = 0;
      for (const each of steps) {
        if ('push' in each) {
          const piece = Buffer.from(Uint8Array.from({ length: each.push }, () => next++));
          const untouched = Buffer.from(piece);
          // Some place among the bytes so far, as a parser remembers it.
          const place = input.start + (input.length >> 1);
          const hadBytes = input.length > 0;
          const byte = input.bytes[place];
          const moved = input.push(piece);
          if (hadBytes) expect(input.bytes[place + moved]).toBe(byte);
          if (moved !== 0) moves++;
          expect(piece).toEqual(untouched);
          expected = Buffer.concat([expected, piece]);
        } else {
          const used = Math.floor(input.length * each.useShare);
          input.use(input.start + used);
          expected = expected.subarray(used);
        }
        expect(input.length).toBe(expected.length);
        expect(input.bytes.subarray(input.start, input.end).equals(expected)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
  expect(moves).toBeGreaterThan(25);
});

test('bytes that come one by one are copied a bounded number of times each', () => {
  const copy = vi.spyOn(Buffer.prototype, 'copy');
  const copiedFor = (bytes: number): number => {
    copy.mockClear();
    const input = new InputBuffer();
    for (let index = 0; index < bytes; index++) input.push(Buffer.from('x'));
    return copy.mock.results.reduce((sum, { value }) => sum + (value as number), 0);
  };
  expect(copiedFor(4_096)).toBeLessThan(4 * 4_096);
  expect(copiedFor(65_536)).toBeLessThan(4 * 65_536);
  copy.mockRestore();
});
