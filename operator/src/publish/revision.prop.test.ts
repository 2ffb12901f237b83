import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRevision, standingOf } from './revision.ts';

const KINDS = ['configmaps', 'featureflagsets.fusebox.dev', 'pods'];
const version = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(9, 10, 99_999_999_999));
const revision = fc
  .dictionary(fc.constantFrom(...KINDS), version, { maxKeys: 3 })
  .map((versions) => new Map(Object.entries(versions)));
const textOf = (versions: Map<string, number>): string =>
  formatRevision(new Map([...versions].map(([kind, value]) => [kind, String(value)])));

test('a replica is behind when one kind that both know is older, and foreign when all of them are', () => {
  const seen = { reached: 0, behind: 0, foreign: 0 };
  fc.assert(
    fc.property(revision, revision, (own, theirs) => {
      const shared = KINDS.filter((kind) => own.has(kind) && theirs.has(kind));
      const older = shared.filter((kind) => own.get(kind)! < theirs.get(kind)!);
      const expected = older.length === 0 ? 'reached' : older.length < shared.length ? 'behind' : 'foreign';
      seen[expected] += 1;
      expect(standingOf(textOf(own), textOf(theirs))).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(13);
});

test('the order of the kinds is fixed, and numbers beyond 2^53 count', () => {
  expect(
    formatRevision(
      new Map([
        ['pods', '2'],
        ['configmaps', '1'],
      ]),
    ),
  ).toBe('configmaps=1,pods=2');
  expect(standingOf('pods=9007199254740993', 'pods=9007199254740992')).toBe('reached');
  expect(standingOf('pods=9007199254740992', 'pods=9007199254740993')).toBe('foreign');
});

test('whatever a client sends, an answer comes', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(['reached', 'foreign']).toContain(standingOf('pods=1', text));
    }),
  );
});
