import { expect, test } from 'vitest';
import type { LeaseRecord } from '../kube/leader-rule.ts';
import { callRoll, forgottenReplicas, presentReplicas } from './replica-roll.ts';

const lease = (holder: string | null, mark: string): LeaseRecord => ({ holder, mark, durationMs: 15_000 });

test('a replica is there until its Lease has not changed for as long as it lasts', () => {
  let roll = callRoll(new Map(), [lease('a', '1'), lease('b', '1')], 1_000);
  expect(presentReplicas(roll, 15_999)).toEqual(['a', 'b']);
  roll = callRoll(roll, [lease('a', '2'), lease('b', '1')], 10_000);
  expect(presentReplicas(roll, 16_000)).toEqual(['a']);
  expect(presentReplicas(roll, 25_000)).toEqual([]);
});

test('a Lease that is gone, or names nobody, is of no replica', () => {
  const roll = callRoll(new Map(), [lease('a', '1'), lease('b', '1')], 0);
  expect(presentReplicas(callRoll(roll, [lease(null, '2')], 1), 1)).toEqual([]);
});

test('a Lease is forgotten long after it ended', () => {
  const roll = callRoll(new Map(), [lease('a', '1')], 0);
  expect(forgottenReplicas(roll, 15_000 + 599_999, 600_000)).toEqual([]);
  expect(forgottenReplicas(roll, 15_000 + 600_000, 600_000)).toEqual(['a']);
});
