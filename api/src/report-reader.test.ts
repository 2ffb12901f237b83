import { describe, expect, test } from 'vitest';
import { readReport } from './report-reader.ts';
import type { Report } from './report.ts';

const report: Report = {
  format: 1,
  digest: `sha256:${'0'.repeat(64)}`,
  revision: 'configmaps=1',
  result: 'applied',
  reason: null,
  tookMs: 0.5,
  atWallMs: 1_767_225_600_000,
  version: '1.0.0',
  circuits: [{ route: 'users', state: 'Open', era: 1, reason: 'failure-rate' }],
};

test('a report is read, without what this version does not know', () => {
  expect(readReport({ ...report, mood: 'good' })).toEqual({ report });
});

describe('a report with a fault is refused, and the fault is named', () => {
  test.each([
    ['an unknown format', { format: 2 }, 'format'],
    ['no digest', { digest: 'sha256:0' }, 'digest'],
    ['another result', { result: 'maybe' }, 'result'],
    ['a reason without end', { reason: 'x'.repeat(5_000) }, 'reason'],
    ['another state', { circuits: [{ ...report.circuits[0], state: 'open' }] }, 'circuits.0.state'],
    ['an era below zero', { circuits: [{ ...report.circuits[0], era: -1 }] }, 'circuits.0.era'],
    ['circuits without end', { circuits: Array(3_000).fill(report.circuits[0]) }, 'circuits'],
  ])('%s', (_, change, field) => {
    const read = readReport({ ...report, ...change });
    expect('fault' in read && read.fault).toMatch(new RegExp(`^${field.replaceAll('.', '\\.')}: `));
  });

  test.each([null, 'report', 1, []])('%j', (value) => {
    expect(readReport(value)).toHaveProperty('fault');
  });
});
