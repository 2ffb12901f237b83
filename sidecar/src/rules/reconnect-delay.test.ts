import { expect, test } from 'vitest';
import { reconnectDelayMs } from './reconnect-delay.ts';

test.each([
  [1, 200, 400],
  [2, 200, 800],
  [5, 200, 6_400],
  [6, 200, 10_000],
  [1_000, 200, 10_000],
])('after %i failures: %i to %i ms', (failures, least, most) => {
  expect(reconnectDelayMs(failures, () => 0)).toBe(least);
  expect(reconnectDelayMs(failures, () => 1)).toBe(most);
});
