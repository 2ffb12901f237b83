import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventBook } from './event-book.ts';

const step = fc.record({ waitMs: fc.constantFrom(0, 0, 1, 1_000, 30_000, 90_000), uid: fc.nat(2), reason: fc.nat(3) });

test('no object gets more than ten at once and one every 30 s; nothing is lost, and everything is told in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const book = new EventBook();
      const takenAtMs = new Map<string, number[]>();
      let nowMs = 0;
      let told = 0;
      const take = (): void => {
        for (const { news, count } of book.take(nowMs)) {
          told += count;
          const { uid } = news.about;
          takenAtMs.set(uid, [...(takenAtMs.get(uid) ?? []), nowMs]);
        }
      };
      for (const { waitMs, uid, reason } of steps) {
        nowMs += waitMs;
        const about = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'pod', uid: `uid-${uid}` };
        book.add({ about, type: 'Normal', reason: `Reason${reason}`, action: 'Act', note: '' });
        take();
      }
      for (let waitMs = book.waitMs(nowMs); waitMs !== null; waitMs = book.waitMs(nowMs)) {
        nowMs += waitMs;
        const before = told;
        take();
        expect(told).toBeGreaterThan(before); // waiting as long as it says is enough
      }
      expect(told).toBe(steps.length);
      for (const times of takenAtMs.values()) {
        times.forEach((fromMs, index) => {
          const within = times.slice(index);
          within.forEach((toMs, count) => expect(count + 1).toBeLessThanOrEqual(10 + (toMs - fromMs) / 30_000 + 1e-6));
        });
      }
    }),
    { numRuns: 100 },
  );
});
