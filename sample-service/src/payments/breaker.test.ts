import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLog } from '../log.ts';
import { createBreaker, noBreaker, type Breaker } from './breaker.ts';
import { changeableSettings, type ChangeableSettings } from '../settings/changeable-settings.ts';

// opossum has timers and a clock of its own: they are made to stand still.
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

let settings: ChangeableSettings;
let breaker: Breaker;
const told: string[] = [];
beforeEach(() => {
  settings = changeableSettings({
    'payments.breaker_error_percent': 50,
    'payments.breaker_minimum_calls': 4,
    'payments.breaker_reset_ms': 10_000,
  });
  told.length = 0;
  const tell = (message: string): void => void told.push(message);
  breaker = createBreaker({ settings, log: { ...silentLog, info: tell, warn: tell }, nowMs: Date.now });
});

const good = async (): Promise<'paid' | number> => {
  const answer = await breaker.run(() => Promise.resolve('paid' as const));
  return 'value' in answer ? answer.value : answer.retryAfterMs;
};
const bad = (): Promise<unknown> => breaker.run(() => Promise.reject(new Error('broken'))).catch(() => 'failed');
const fail = async (times: number): Promise<void> => {
  for (let at = 0; at < times; at++) await bad();
};

test('at the share that is set it opens, and refuses at once with the time that is left', async () => {
  await good();
  await good();
  await fail(2);
  expect(await good()).toBe(10_000);
  vi.advanceTimersByTime(4_000);
  expect(await good()).toBe(6_000);
});

test('a share of 100 % opens it', async () => {
  settings.change({ 'payments.breaker_error_percent': 100 });
  await fail(4);
  expect(await good()).toBe(10_000);
});

test('below the least number of calls, and below the share, it stays closed', async () => {
  await fail(3);
  expect(await good()).toBe('paid');
  for (let at = 0; at < 4; at++) await good();
  await bad(); // four of nine
  expect(await good()).toBe('paid');
});

test('failures of more than ten seconds ago are forgotten', async () => {
  await fail(3);
  vi.advanceTimersByTime(11_000);
  await fail(3);
  expect(await good()).toBe('paid');
});

test('an open circuit calls nothing', async () => {
  await fail(4);
  const work = vi.fn(() => Promise.resolve('paid'));
  await breaker.run(work);
  expect(work).not.toHaveBeenCalled();
});

test('half-open, one trial passes, and whoever comes meanwhile is refused', async () => {
  await fail(4);
  vi.advanceTimersByTime(10_000);
  const trial = Promise.withResolvers<string>();
  const answer = breaker.run(() => trial.promise);
  expect(await good()).toBe(0);
  trial.resolve('tried');
  expect(await answer).toEqual({ value: 'tried' });
  expect(await good()).toBe('paid');
});

test('a trial that fails opens it for as long again', async () => {
  await fail(4);
  vi.advanceTimersByTime(10_000);
  await bad();
  expect(await good()).toBe(10_000);
});

test('a shorter wait holds for the opening under way', async () => {
  await fail(4);
  vi.advanceTimersByTime(4_000);
  settings.change({ 'payments.breaker_reset_ms': 5_000 });
  expect(await good()).toBe(1_000);
  vi.advanceTimersByTime(1_000);
  expect(await good()).toBe('paid');
});

test('after a change while it was open, the next opening has the new length', async () => {
  await fail(4);
  vi.advanceTimersByTime(4_000);
  settings.change({ 'payments.breaker_reset_ms': 5_000 });
  vi.advanceTimersByTime(1_000);
  await bad();
  vi.advanceTimersByTime(4_000);
  expect(await good()).toBe(1_000);
  vi.advanceTimersByTime(1_000);
  expect(await good()).toBe('paid');
});

test('an edit keeps what was counted, and does not open or close it by itself', async () => {
  await fail(3);
  settings.change({ 'payments.breaker_minimum_calls': 5 });
  expect(await good()).toBe('paid');
  await bad(); // the fifth, with those before
  expect(await good()).toBe(10_000);
});

test('each change of the circuit is logged once, however often settings changed meanwhile', async () => {
  await fail(4);
  settings.change({ 'payments.breaker_reset_ms': 9_000 });
  settings.change({ 'payments.breaker_reset_ms': 10_000 });
  vi.advanceTimersByTime(10_000);
  await good();
  expect(told).toEqual([
    'payments: circuit opened',
    'payments: circuit half-open, one trial may pass',
    'payments: circuit closed',
  ]);
});

test('a change of other settings leaves it alone', async () => {
  await fail(4);
  settings.change({ 'payments.timeout_ms': 1 });
  expect(await good()).toBe(10_000);
});

test('without a breaker every call passes', async () => {
  expect(await noBreaker.run(() => Promise.resolve(1))).toEqual({ value: 1 });
  await expect(noBreaker.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
