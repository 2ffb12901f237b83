import { expect, test } from 'vitest';

import { FakeClock } from './fake-clock.ts';

test('time passes on both clocks, and only when told', () => {
  const clock = new FakeClock();
  expect(clock.nowMs()).toBe(0);
  clock.advance(250);
  expect(clock.nowMs()).toBe(250);
  expect(clock.wallMs()).toBe(1_767_225_600_250);
  expect(() => clock.advance(-1)).toThrow(RangeError);
});
