/**
 * What a few thousand hostile connections do to clients who mean no harm, and to the sidecar's memory. The bounds are generous: they hold
 * on a busy machine too, and tell a bounded cost from one that grows with the attack.
 */
import { describe, expect, test } from 'vitest';
import { attackNames, attacks } from './attacks/attacks.ts';
import { underAttack } from './attacks/under-attack.ts';

/** For each measurement (ms). */
const FOR_MS = 1_000;
const PATIENCE_MS = 90_000;
/** Under attack the slowest hundredth may take so much longer than without; and as long as this in any case (ms). */
const MOST_RATIO = 100;
const ENOUGH_MS = 3_000;
/** Memory that the garbage collector takes when there is much to do, whoever asks (bytes). */
const SLACK_BYTES = 96 * 1_048_576;

describe('attacks', () => {
  test.each(attackNames.map((name) => [name, attacks[name].title] as const))(
    '%s: %s',
    async (name) => {
      const { connections, calm, attacked, calmBytes, peakBytes } = await underAttack(name, FOR_MS);
      expect(calm.failed).toBe(0);
      expect(attacked.failed).toBe(0);
      expect(attacked.answered).toBeGreaterThan(0);
      expect(attacked.p99Ms).toBeLessThan(Math.max(ENOUGH_MS, calm.p99Ms * MOST_RATIO));
      expect(peakBytes - calmBytes).toBeLessThan(connections * attacks[name].mostBytes + SLACK_BYTES);
    },
    PATIENCE_MS,
  );
});
