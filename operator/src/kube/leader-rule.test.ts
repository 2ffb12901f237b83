import { describe, expect, test } from 'vitest';
import { type Candidacy, held, leads, type LeaseRecord, NEWCOMER, nextMove, saw, stoodDown } from './leader-rule.ts';

const record = (holder: string | null, mark = 'one'): LeaseRecord => ({ holder, durationMs: 15_000, mark });
const seen = (holder: string | null, atMs: number): Candidacy => saw(NEWCOMER, record(holder), atMs);

describe('what to do with a Lease', () => {
  test.each<[string, Candidacy, number, ReturnType<typeof nextMove>]>([
    ['there is none', saw(NEWCOMER, null, 0), 0, 'acquire'],
    ['it was let go', seen(null, 0), 0, 'acquire'],
    ['it is mine', seen('me', 0), 2_000, 'renew'],
    ['it is still mine, though it has run out', seen('me', 0), 60_000, 'renew'],
    ['another one renewed it just now', seen('other', 100), 100, 'wait'],
    ['another one has had it for almost as long as it lasts', seen('other', 100), 15_099.9, 'wait'],
    ['another one has not renewed it for as long as it lasts', seen('other', 100), 15_100, 'acquire'],
  ])('%s', (_, candidacy, nowMs, move) => {
    expect(nextMove(candidacy, 'me', nowMs)).toBe(move);
  });
});

test('only a change of the record is a sign of life, and it counts from when it was seen first', () => {
  const first = seen('other', 0);
  const again = saw(first, record('other', 'one'), 14_000);
  expect(nextMove(again, 'me', 15_000)).toBe('acquire');
  const renewed = saw(first, record('other', 'two'), 14_000);
  expect(nextMove(renewed, 'me', 28_999)).toBe('wait');
  expect(nextMove(renewed, 'me', 29_000)).toBe('acquire');
});

test('the duration that the holder asked for is heeded, not one’s own', () => {
  const patient = saw(NEWCOMER, { holder: 'other', durationMs: 60_000, mark: 'one' }, 0);
  expect(nextMove(patient, 'me', 59_999)).toBe('wait');
});

test('leading lasts from the sending of the last renewal, and ends by the clock alone', () => {
  const leading = held(NEWCOMER, record('me'), { sentMs: 1_000, renewMs: 10_000 });
  expect(leads(NEWCOMER, 0)).toBe(false);
  expect(leads(leading, 10_999.9)).toBe(true);
  expect(leads(leading, 11_000)).toBe(false);
  expect(leads(stoodDown(leading), 1_000)).toBe(false);
});
