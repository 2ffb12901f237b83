import { expect, test } from 'vitest';
import { ackedOf } from '../testing/acked.ts';
import { newestReport, type Row } from './rows.ts';

const row = (reportedMs: number, atWallMs: number): Row => ({
  acked: ackedOf('pod', { atWallMs }),
  reportedMs,
  number: 1,
  connected: false,
});
const empty: Row = { acked: null, reportedMs: 9_999_999, number: 0, connected: true };

test.each<[string, Row[], number | null]>([
  ['no replica knows the pod', [], null],
  ['no report came yet', [empty], null],
  ['one report is the newest', [empty, row(5, 1)], 1],
  ['what came later is newer', [row(5_000, 1), row(60_000, 2)], 2],
  ['what came at about the same time is ordered by the sidecar', [row(5_000, 20), row(5_999, 10)], 20],
  ['a sidecar whose clock was set back is believed after a second', [row(5_000, 20), row(6_001, 10)], 10],
  ['of two reports of one swap the later counts', [row(5_000, 7), row(5_001, 7)], 7],
])('%s', (_, rows, atWallMs) => {
  expect(newestReport(rows)?.atWallMs ?? null).toBe(atWallMs);
  expect(newestReport(rows.toReversed())?.atWallMs ?? null).toBe(atWallMs);
});

test('of two reports of one swap the later one is taken whole', () => {
  const [early, late] = [row(5_000, 7), row(5_001, 7)];
  expect(newestReport([early, late])).toBe(late.acked);
  expect(newestReport([late, early])).toBe(late.acked);
});
