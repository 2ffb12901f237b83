import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planAuthorities, type KnownAuthority } from './authorities.ts';

const HOUR_MS = 3_600_000;
const lifetimes = { authorityMs: 90 * HOUR_MS, certificateMs: 9 * HOUR_MS, overlapMs: 2 * HOUR_MS };

/** Lives through the years with one replica that looks after each of these waits. */
test('whoever follows the plan always has a signer, which every bundle of the last two hours trusts', () => {
  let rotations = 0;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 40, maxLength: 80 }), (waitsHours) => {
      let nowMs = 1_000 * HOUR_MS;
      let known: KnownAuthority[] = [];
      let before: { atMs: number; trusted: KnownAuthority[] }[] = [];
      for (const [turn, waitHours] of waitsHours.entries()) {
        const plan = planAuthorities(known, nowMs, lifetimes);
        known = [...plan.trusted];
        if (plan.create) {
          rotations += 1;
          const own = { certificate: String(turn), key: '' };
          known.push({ name: '', own, fromMs: nowMs - HOUR_MS, untilMs: nowMs + lifetimes.authorityMs });
        }
        const signer = plan.signer ?? known[0]!;
        expect(signer.untilMs).toBeGreaterThan(nowMs);
        expect(known.length).toBeLessThanOrEqual(3);
        const made = signer.fromMs + HOUR_MS;
        // The very first has nobody who could trust anything else.
        const someoneKnew = before.some(({ trusted }) => trusted.length > 0);
        if (someoneKnew && turn > 0 && plan.trusted.length > 1)
          expect(nowMs - made).toBeGreaterThanOrEqual(2 * HOUR_MS);
        const recent = before.filter(({ atMs }) => atMs >= nowMs - 2 * HOUR_MS && atMs >= made);
        for (const { trusted } of recent) expect(trusted).toContain(signer);
        before = [...recent, { atMs: nowMs, trusted: known }];
        nowMs += waitHours * HOUR_MS;
      }
    }),
    { numRuns: 200 },
  );
  expect(rotations).toBeGreaterThan(100);
});
