import { expect, test } from 'vitest';
import { type Claim, type Enforced, judge, type Standing } from './judge.ts';

const USERS = 'ResiliencePolicy users';
const aims = {
  'ResiliencePolicy base': null,
  [USERS]: 'users',
  'ResiliencePolicy orders': 'orders',
  'ResiliencePolicy users-rival': 'users',
  'FeatureFlagSet flags': null,
  'SidecarProfile profile': null,
  'ConfigMap config': null,
} as const;
const ready = (pod: string, atMs: number, more: Partial<Standing> = {}): Standing => ({
  ...{ pod, app: 'users', ready: true, atMs },
  ...more,
});
const enforced = (pod: string, mark: number, atMs: number, life = 1): Enforced => ({
  ...{ pod, life, atMs },
  marks: { [USERS]: mark },
});
const claim = (mark: number | null, atMs: number): Claim => ({ source: USERS, mark, atMs });
const verdict = (parts: { enforced?: Enforced[]; claims?: Claim[]; standings?: Standing[] }) =>
  judge({ enforced: [], claims: [], standings: [], aims, ...parts });

test.each<[string, Parameters<typeof verdict>[0], number]>([
  [
    'true',
    { standings: [ready('a', 0)], enforced: [enforced('a', 100_001, 5_000)], claims: [claim(100_001, 5_001)] },
    0,
  ],
  [
    'too early',
    { standings: [ready('a', 0)], enforced: [enforced('a', 100_001, 5_000)], claims: [claim(100_001, 4_999)] },
    1,
  ],
  [
    'of an edit that nobody has',
    { standings: [ready('a', 0)], enforced: [enforced('a', 100_001, 0)], claims: [claim(100_002, 9_000)] },
    1,
  ],
  ['of bad settings', { claims: [claim(null, 9_000)] }, 1],
  [
    'of one pod of two',
    {
      standings: [ready('a', 0), ready('b', 0)],
      enforced: [enforced('a', 100_001, 0)],
      claims: [claim(100_001, 9_000)],
    },
    1,
  ],
  ['of a pod that is not ready', { standings: [ready('a', 0, { ready: false })], claims: [claim(100_001, 9_000)] }, 0],
  ['of a pod that was ready a moment before', { standings: [ready('a', 8_500)], claims: [claim(100_001, 9_000)] }, 0],
  ['of a pod of somebody else', { standings: [ready('a', 0, { app: 'orders' })], claims: [claim(100_001, 9_000)] }, 0],
])('a claim that is %s', (_what, parts, lies) => {
  expect(verdict(parts).lies).toHaveLength(lies);
});

test('a pod loses nothing, and goes back to older settings only as a new process', () => {
  const standings = [ready('a', 0)];
  const first = enforced('a', 100_002, 0);
  expect(verdict({ standings, enforced: [first, enforced('a', 100_001, 1)] }).losses).toHaveLength(1);
  expect(verdict({ standings, enforced: [first, enforced('a', 100_001, 1, 2)] }).losses).toEqual([]);
  expect(verdict({ standings, enforced: [first, { ...first, marks: {} }] }).losses).toEqual([`a lost ${USERS} at 0`]);
});
