import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WaitingLine } from './waiting-line.ts';

test('whoever comes and leaves in whatever order, it is the order of arrival', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('comes' as const), fc.nat())), (happenings) => {
      const line = new WaitingLine<number>();
      const leave: (() => void)[] = [];
      let expected: number[] = [];
      for (const what of happenings) {
        if (what === 'comes') {
          expected.push(leave.length);
          leave.push(line.add(leave.length));
        } else if (leave.length > 0) {
          // Also some who have left already.
          const who = what % leave.length;
          leave[who]!();
          expected = expected.filter((one) => one !== who);
        }
        expect([line.first, line.length]).toEqual([expected[0], expected.length]);
      }
      for (const who of expected) {
        expect(line.first).toBe(who);
        leave[who]!();
      }
      expect([line.first, line.length]).toEqual([undefined, 0]);
    }),
  );
});
