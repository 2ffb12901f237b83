import type { ConcurrencySettings } from '@fusebox/api/snapshot.ts';
import { describe, expect, test } from 'vitest';
import {
  admitWaiting,
  enqueue,
  leave,
  newLimiter,
  nextExpiryMs,
  release,
  takeExpired,
  takeFirst,
  tryAcquire,
  wouldRefuse,
  type Limiter,
  type QueueNode,
} from './limiter.ts';

interface Node extends QueueNode<Node> {
  name: string;
}
const node = (name: string): Node => ({ name, next: null, prev: null, enqueuedAtMs: 0 });
const limit = (changes: Partial<ConcurrencySettings> = {}): ConcurrencySettings => ({
  mode: 'Enforce',
  maxConcurrent: 2,
  queueSize: 2,
  queueTimeoutMs: 1000,
  ...changes,
});
/** A limiter with all places taken and these waiting, one each 100 ms. */
function full(settings: ConcurrencySettings, ...waiting: Node[]): Limiter<Node> {
  const limiter = newLimiter<Node>();
  while (tryAcquire(limiter, settings));
  for (const [i, each] of waiting.entries()) expect(enqueue(limiter, settings, each, i * 100)).toBe(true);
  return limiter;
}

describe('places', () => {
  test('are given out up to the limit', () => {
    const limiter = newLimiter<Node>();
    expect([1, 2, 3].map(() => tryAcquire(limiter, limit()))).toEqual([true, true, false]);
    expect(release(limiter, limit())).toBeNull();
    expect(tryAcquire(limiter, limit())).toBe(true);
  });

  test.each([null, limit({ mode: 'Disabled' }), limit({ mode: 'Shadow' })])(
    'are unlimited but counted with %o',
    (to) => {
      const limiter = newLimiter<Node>();
      for (let i = 0; i < 5; i++) expect(tryAcquire(limiter, to)).toBe(true);
      expect(limiter.inFlight).toBe(5);
    },
  );

  test('go to nobody new while someone waits', () => {
    const limiter = full(limit(), node('a'));
    limiter.inFlight--;
    expect(tryAcquire(limiter, limit())).toBe(false);
  });
});

describe('the queue', () => {
  test('is served first come first served, and holds no more than its size', () => {
    const [a, b] = [node('a'), node('b')];
    const limiter = full(limit(), a, b);
    expect(enqueue(limiter, limit(), node('c'), 300)).toBe(false);
    expect(release(limiter, limit())).toBe(a);
    expect(release(limiter, limit())).toBe(b);
    expect(limiter).toEqual({ inFlight: 2, queued: 0, head: null, tail: null });
  });

  test('lets anyone leave from the middle, once', () => {
    const [a, b, c] = [node('a'), node('b'), node('c')];
    const limiter = full(limit({ queueSize: 3 }), a, b, c);
    expect(leave(limiter, b)).toBe(true);
    expect(leave(limiter, b)).toBe(false);
    expect(takeFirst(limiter)).toBe(a);
    expect(takeFirst(limiter)).toBe(c);
    expect(takeFirst(limiter)).toBeNull();
  });

  test('lets go of who waited too long by the settings of today', () => {
    const [a, b] = [node('a'), node('b')];
    const limiter = full(limit(), a, b);
    expect(nextExpiryMs(limiter, limit())).toBe(1000);
    expect(takeExpired(limiter, limit(), 999)).toBeNull();
    expect(takeExpired(limiter, limit(), 1000)).toBe(a);
    expect(takeExpired(limiter, limit(), 1000)).toBeNull();
    expect(takeExpired(limiter, limit({ queueTimeoutMs: 50 }), 1000)).toBe(b);
    expect(nextExpiryMs(limiter, limit())).toBe(-1);
    expect(limiter.inFlight).toBe(2);
  });
});

describe('an edit', () => {
  test('to a higher limit lets the oldest in', () => {
    const [a, b] = [node('a'), node('b')];
    const limiter = full(limit(), a, b);
    expect(admitWaiting(limiter, limit({ maxConcurrent: 3 }))).toBe(a);
    expect(admitWaiting(limiter, limit({ maxConcurrent: 3 }))).toBeNull();
  });

  test('to a lower limit evicts nobody and hands no place on until fewer are in flight', () => {
    const a = node('a');
    const limiter = full(limit({ maxConcurrent: 3 }), a);
    expect(release(limiter, limit({ maxConcurrent: 1 }))).toBeNull();
    expect(release(limiter, limit({ maxConcurrent: 1 }))).toBeNull();
    expect(release(limiter, limit({ maxConcurrent: 1 }))).toBe(a);
  });

  test.each([null, limit({ mode: 'Disabled' }), limit({ mode: 'Shadow' })])('to %o lets everybody in', (to) => {
    const [a, b] = [node('a'), node('b')];
    const limiter = full(limit(), a, b);
    expect([release(limiter, to), admitWaiting(limiter, to), admitWaiting(limiter, to)]).toEqual([a, b, null]);
    expect(limiter.inFlight).toBe(3);
  });
});

test('Shadow would refuse when places and queue would be full', () => {
  const shadow = limit({ mode: 'Shadow' });
  const limiter = newLimiter<Node>();
  const answers = [1, 2, 3, 4, 5].map(() => {
    const refused = wouldRefuse(limiter, shadow);
    tryAcquire(limiter, shadow);
    return refused;
  });
  expect(answers).toEqual([false, false, false, false, true]);
});
