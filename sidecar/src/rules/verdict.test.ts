import { expect, test } from 'vitest';
import { breakerSettings } from './breaker-settings.fixture.ts';
import { compileFailOn, FAILED, judge, NO_VERDICT, OK, type OutcomeKind, type Verdict } from './verdict.ts';

const defaults = compileFailOn(breakerSettings({ abandonedAfterMs: 3000 }));

test.each<[OutcomeKind, number, Verdict]>([
  ['answered', 200, OK],
  ['answered', 404, OK],
  ['answered', 499, OK],
  ['answered', 500, FAILED],
  ['answered', 599, FAILED],
  ['answered', 999, FAILED],
  ['answered', 0, FAILED],
  ['connect', 0, FAILED],
  ['reset', 0, FAILED],
  ['timeout', 0, FAILED],
  ['refused', 0, NO_VERDICT],
  ['client-gone', 2999, NO_VERDICT],
  ['client-gone', 3000, FAILED],
])('by default %s (%d) gives verdict %d', (kind, detail, verdict) => {
  expect(judge(defaults, kind, detail)).toBe(verdict);
});

test.each<[OutcomeKind, number, Verdict]>([
  ['answered', 429, FAILED],
  ['answered', 428, OK],
  ['answered', 503, OK],
  ['connect', 0, OK],
  ['reset', 0, OK],
  ['client-gone', 3000, OK],
])('with failOn ["429"] %s (%d) gives verdict %d', (kind, detail, verdict) => {
  const failOn = { statusClasses: [], statusCodes: [429], connect: false, reset: false, timeout: false };
  expect(judge(compileFailOn(breakerSettings({ failOn })), kind, detail)).toBe(verdict);
});
