import { expect, test } from 'vitest';
import type { Alarm } from '../exchange.ts';
import { StillTimer } from './timer-wheel.fixture.ts';
import { TICK_MS, TimerWheel } from './timer-wheel.ts';

const start = (startMs = 0) => {
  const timer = new StillTimer(startMs);
  const wheel = new TimerWheel(timer);
  const rung: [string, number][] = [];
  const named = (name: string, then?: () => void): Alarm =>
    wheel.alarm(() => {
      rung.push([name, timer.nowMs()]);
      then?.();
    });
  return { timer, wheel, rung, named };
};

test('an alarm rings at its time, rounded up to the next tick, and once', () => {
  const { timer, rung, named } = start(3.5);
  named('a').set(101);
  named('b').set(110);
  named('c').set(110.001);
  timer.advance(1_000);
  expect(rung).toEqual([
    ['b', 110],
    ['a', 110],
    ['c', 120],
  ]);
});

test('an alarm that is set to the past rings with the next tick', () => {
  const { timer, rung, named } = start(1_000);
  named('a').set(5);
  expect(rung).toEqual([]);
  timer.advance(TICK_MS);
  expect(rung).toEqual([['a', 1_010]]);
});

test('an alarm beyond one turn of the wheel rings at its time', () => {
  const { timer, rung, named } = start();
  named('a').set(3_600_000);
  timer.advance(3_599_999);
  expect(rung).toEqual([]);
  timer.advance(1);
  expect(rung).toEqual([['a', 3_600_000]]);
});

test('a cleared alarm does not ring, and may be set again', () => {
  const { timer, rung, named } = start();
  const alarm = named('a');
  alarm.set(100);
  alarm.clear();
  timer.advance(500);
  expect(rung).toEqual([]);
  alarm.set(700);
  timer.advance(500);
  expect(rung).toEqual([['a', 700]]);
});

test('moving an alarm later, again and again, asks nothing of the system timer', () => {
  const { timer, rung, named } = start();
  const alarm = named('a');
  alarm.set(1_000);
  for (let later = 1; later <= 500; later++) alarm.set(1_000 + later);
  expect(timer.armings).toBe(1);
  timer.advance(1_499);
  expect(rung).toEqual([]);
  timer.advance(11);
  expect(rung).toEqual([['a', 1_500]]);
  // Once at 1 s, where it was first put, and once where it was put from there.
  expect(timer.armings).toBe(2);
});

test('an alarm that was moved sooner rings at its sooner time only', () => {
  const { timer, rung, named } = start();
  const alarm = named('a');
  alarm.set(5_000);
  alarm.set(200);
  timer.advance(10_000);
  expect(rung).toEqual([['a', 200]]);
});

test('an alarm that rings may set itself, sooner ones and later ones; none of them makes another late', () => {
  const { timer, rung, named } = start();
  const far = named('far');
  const again = named('again', () => again.set(timer.nowMs() + 9_000));
  named('middle').set(2_000);
  far.set(5_000);
  again.set(1_000);
  timer.advance(10_500);
  expect(rung).toEqual([
    ['again', 1_000],
    ['middle', 2_000],
    ['far', 5_000],
    ['again', 10_000],
  ]);
});

test('an alarm that rings may remove, clear and move others of the same tick', () => {
  const { timer, rung, named } = start();
  const removed = named('removed');
  const cleared = named('cleared');
  const moved = named('moved');
  const revived = named('revived');
  for (const alarm of [removed, cleared, moved, revived]) alarm.set(100);
  named('first', () => {
    removed.remove();
    cleared.clear();
    moved.set(300);
    revived.remove();
    revived.set(200);
  }).set(100);
  timer.advance(1_000);
  expect(rung).toEqual([
    ['first', 100],
    ['revived', 200],
    ['moved', 300],
  ]);
});

test('after a stall longer than a turn of the wheel, everything that was due rings at once', () => {
  const { timer, rung, named } = start();
  for (const atMs of [10, 4_000, 10_240, 20_000, 60_000]) named(String(atMs)).set(atMs);
  timer.stall(30_000);
  timer.advance(0);
  expect(rung.map(([name]) => name).sort()).toEqual(['10', '10240', '20000', '4000']);
  timer.advance(30_000);
  expect(rung.at(-1)).toEqual(['60000', 60_000]);
});

test('with nothing set the system timer is left alone', () => {
  const { timer, named } = start();
  const alarm = named('a');
  alarm.set(50);
  timer.advance(60);
  expect(timer.waiting).toBe(0);
  timer.advance(1_000_000);
  alarm.set(1_000_070);
  alarm.remove();
  timer.advance(1_000);
  expect(timer.waiting).toBe(0);
});
