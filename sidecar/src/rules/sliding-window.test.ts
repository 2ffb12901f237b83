import { describe, expect, test } from 'vitest';
import { advance, clearWindow, newWindow, record, resizeWindow, type SlidingWindow } from './sliding-window.ts';

const totals = ({ calls, failures, slow }: SlidingWindow): number[] => [calls, failures, slow];

describe('a Count window', () => {
  test('holds the last calls and forgets the oldest when one more comes', () => {
    const window = newWindow({ type: 'Count', size: 3 });
    record(window, 0, true, false);
    record(window, 0, true, true);
    record(window, 0, false, true);
    expect(totals(window)).toEqual([3, 2, 2]);
    record(window, 0, false, false);
    expect(totals(window)).toEqual([3, 1, 2]);
  });

  test('does not age', () => {
    const window = newWindow({ type: 'Count', size: 3 });
    record(window, 0, true, false);
    advance(window, 1e9);
    expect(totals(window)).toEqual([1, 1, 0]);
  });

  test('keeps its newest calls when it shrinks, and all when it grows', () => {
    let window = newWindow({ type: 'Count', size: 4 });
    for (const failed of [true, true, false, true, false]) record(window, 0, failed, false);
    window = resizeWindow(window, { type: 'Count', size: 2 }, 0);
    expect(totals(window)).toEqual([2, 1, 0]);
    window = resizeWindow(window, { type: 'Count', size: 10_000 }, 0);
    record(window, 0, true, false);
    expect(totals(window)).toEqual([3, 2, 0]);
  });
});

describe('a Time window', () => {
  // As Resilience4j documents it: n buckets of one second, the newest being the second we are in.
  test.each([
    [9_999, 1],
    [10_000, 0],
  ])('of 10 s: at %d ms, %d calls of the first second are left', (nowMs, calls) => {
    const window = newWindow({ type: 'Time', size: 10 });
    record(window, 999, true, true);
    advance(window, nowMs);
    expect(totals(window)).toEqual([calls, calls, calls]);
  });

  test('keeps its newest seconds when it shrinks', () => {
    let window = newWindow({ type: 'Time', size: 5 });
    for (const nowMs of [0, 1000, 2000, 2500]) record(window, nowMs, nowMs === 1000, false);
    window = resizeWindow(window, { type: 'Time', size: 2 }, 2500);
    expect(totals(window)).toEqual([3, 1, 0]);
  });

  test('drops what had aged out before it grows', () => {
    let window = newWindow({ type: 'Time', size: 2 });
    record(window, 0, true, false);
    window = resizeWindow(window, { type: 'Time', size: 60 }, 5000);
    expect(totals(window)).toEqual([0, 0, 0]);
  });

  test('counts a call from a clock that stepped back in its newest second', () => {
    const window = newWindow({ type: 'Time', size: 2 });
    record(window, 5000, false, false);
    record(window, 1000, true, false);
    expect(totals(window)).toEqual([2, 1, 0]);
    advance(window, 7000);
    expect(totals(window)).toEqual([0, 0, 0]);
  });
});

test('a window of another type starts empty', () => {
  const window = newWindow({ type: 'Time', size: 10 });
  record(window, 0, true, false);
  expect(totals(resizeWindow(window, { type: 'Count', size: 10 }, 0))).toEqual([0, 0, 0]);
});

test('equal settings leave the window alone', () => {
  const window = newWindow({ type: 'Time', size: 10 });
  expect(resizeWindow(window, { type: 'Time', size: 10 }, 0)).toBe(window);
});

test('a cleared window is empty and works on', () => {
  const window = newWindow({ type: 'Count', size: 2 });
  for (let i = 0; i < 3; i++) record(window, 0, true, true);
  clearWindow(window);
  expect(totals(window)).toEqual([0, 0, 0]);
  record(window, 0, false, true);
  expect(totals(window)).toEqual([1, 0, 1]);
});
