import type { ConcurrencySettings } from '@fusebox/api/snapshot.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
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
  type QueueNode,
} from './limiter.ts';

interface Node extends QueueNode<Node> {
  id: number;
}

const settings = fc.record({
  mode: fc.constantFrom<ConcurrencySettings['mode']>('Enforce', 'Enforce', 'Enforce', 'Shadow', 'Disabled'),
  maxConcurrent: fc.integer({ min: 1, max: 4 }),
  queueSize: fc.integer({ min: 0, max: 5 }),
  queueTimeoutMs: fc.constantFrom(1, 500, 1000),
});
const edit = fc.option(settings, { freq: 6 });
const step = fc.record({
  waitMs: fc.constantFrom(0, 0, 0, 1, 499, 500),
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant({ kind: 'arrive' as const }) },
    { weight: 5, arbitrary: fc.constant({ kind: 'end' as const }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), pick: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'expire' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit' as const), to: edit }) },
  ),
});

test('places never exceed the limit, waiting is first come first served, and everyone who waited ends exactly once', () => {
  const reached = new Map<string, number>();
  const count = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(settings, fc.array(step, { minLength: 40, maxLength: 150 }), (first, steps) => {
      const limiter = newLimiter<Node>();
      let current: ConcurrencySettings | null = first;
      let nowMs = 0;
      let held = 0;
      // The test's own queue: an array, oldest first.
      let waiting: { node: Node; sinceMs: number }[] = [];
      const limitNow = (): number => (current?.mode === 'Enforce' ? current.maxConcurrent : Infinity);

      const admitAll = (node: Node | null): void => {
        for (; node !== null; node = admitWaiting(limiter, current)) {
          expect(node).toBe(waiting.shift()?.node);
          expect(held).toBeLessThan(limitNow());
          held++;
          count('admitted');
        }
        if (waiting.length > 0) expect(held).toBeGreaterThanOrEqual(limitNow());
      };

      for (const [id, { waitMs, act }] of steps.entries()) {
        nowMs += waitMs;
        if (act.kind === 'arrive') {
          const expected = held < limitNow() && waiting.length === 0;
          expect(tryAcquire(limiter, current)).toBe(expected);
          if (expected) held++;
          else {
            const node: Node = { id, next: null, prev: null, enqueuedAtMs: -1 };
            const hasRoom = waiting.length < current!.queueSize;
            expect(enqueue(limiter, current!, node, nowMs)).toBe(hasRoom);
            if (hasRoom) waiting.push({ node, sinceMs: nowMs });
            else count('full');
          }
        } else if (act.kind === 'end' && held > 0) {
          held--;
          admitAll(release(limiter, current));
        } else if (act.kind === 'leave' && waiting.length > 0) {
          const [gone] = waiting.splice(act.pick % waiting.length, 1);
          expect(leave(limiter, gone!.node)).toBe(true);
          expect(leave(limiter, gone!.node)).toBe(false);
          count('left');
        } else if (act.kind === 'expire' && current !== null) {
          const { queueTimeoutMs } = current;
          expect(nextExpiryMs(limiter, current)).toBe(waiting.length > 0 ? waiting[0]!.sinceMs + queueTimeoutMs : -1);
          const due = waiting.filter(({ sinceMs }) => nowMs - sinceMs >= queueTimeoutMs);
          waiting = waiting.slice(due.length);
          for (const { node } of due) expect(takeExpired(limiter, current, nowMs)).toBe(node);
          expect(takeExpired(limiter, current, nowMs)).toBeNull();
          if (due.length > 0) count('expired');
        } else if (act.kind === 'flush') {
          if (waiting.length > 0) count('flushed');
          for (const { node } of waiting.splice(0)) expect(takeFirst(limiter)).toBe(node);
          expect(takeFirst(limiter)).toBeNull();
        } else if (act.kind === 'edit') {
          current = act.to;
          admitAll(admitWaiting(limiter, current));
          if (held > limitNow()) count('over a lowered limit');
        }
        expect([limiter.inFlight, limiter.queued]).toEqual([held, waiting.length]);
        const queue: Node[] = [];
        for (let node = limiter.head; node !== null; node = node.next) queue.push(node);
        expect(queue.map(({ id: each }) => each)).toEqual(waiting.map(({ node }) => node.id));
      }
    }),
    { numRuns: 200 },
  );
  for (const what of ['admitted', 'full', 'left', 'expired', 'flushed', 'over a lowered limit']) {
    expect(reached.get(what) ?? 0, what).toBeGreaterThan(13);
  }
});
