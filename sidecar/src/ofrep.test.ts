import { expect, test } from 'vitest';
import { etagOf, evaluateAll, evaluateOne, isFresh, type FlagReader } from './ofrep.ts';
import { fixed, notFound, type Evaluation } from './rules/evaluation.ts';

const etag = etagOf({ a: 1 });

test.each([
  [undefined, false],
  ['', false],
  ['"other"', false],
  [etag, true],
  [`W/${etag}`, true],
  [`"other", ${etag}`, true],
  ['*', true],
])('If-None-Match: %s', (value, fresh) => {
  expect(isFresh(value, etag)).toBe(fresh);
});

test('equal values have equal validators, in whatever order their fields stand', () => {
  expect(etagOf({ a: 1, b: 2 })).toBe(etagOf({ b: 2, a: 1 }));
  expect(etagOf({ a: 1 })).not.toBe(etagOf({ a: 2 }));
});

test('what lasts is written once, and all of it is what one by one would be', () => {
  const lasting: Evaluation = { ...fixed(true), metadata: { team: 'a"b' }, lasts: true };
  let asked = 0;
  const flags: FlagReader = {
    keys: () => ['disabled', 'lasting', 'unlike'],
    evaluate(key) {
      if (key === 'lasting') return lasting;
      if (key === 'disabled') return { ...fixed(true), value: undefined, variant: null, reason: 'DISABLED' };
      return key === 'unlike' ? { ...fixed(false), value: ++asked, variant: `v${asked}` } : notFound(key);
    },
  };
  const one = (key: string): unknown => JSON.parse(evaluateOne(key, '', flags).body);
  const told = { key: 'lasting', reason: 'STATIC', value: true, variant: 'on', metadata: { team: 'a"b' } };
  expect([one('lasting'), one('lasting')]).toEqual([told, told]);
  expect([one('unlike'), one('unlike')]).toMatchObject([
    { value: 1, variant: 'v1' },
    { value: 2, variant: 'v2' },
  ]);
  asked = 0;
  const all = evaluateAll('{}', flags, [{ type: 'sse', url: '/events' }]);
  asked = 0;
  expect(JSON.parse(all.body)).toEqual({
    flags: [one('lasting'), one('unlike')],
    eventStreams: [{ type: 'sse', url: '/events' }],
  });
  expect(evaluateAll('{}', flags, []).etag).not.toBe(all.etag);
  expect(evaluateOne('none', '', flags)).toMatchObject({ status: 404 });
});
