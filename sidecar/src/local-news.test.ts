import { describe, expect, test } from 'vitest';
import { liveValuesOf, type LiveValues } from './live-values.ts';
import { type NewsState, newsOf } from './local-news.ts';

const valuesOf = (texts: Record<string, string>): LiveValues => {
  const config = Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, { value }]));
  return liveValuesOf({ snapshot: { config } as never, blobs: new Map() });
};

/** Of a state that may change. */
const state = (now: { values: LiveValues; version: string }): NewsState => ({
  flags: { evaluate: () => null as never, keys: () => [] },
  config: () => now.values,
  flagsVersion: () => now.version,
});

test('all keys are one and the same news for everybody, until a value changes', () => {
  const now = { values: valuesOf({ a: '1', b: '2' }), version: '' };
  const [one, other] = [1, 2].map(() => newsOf({ stream: 'config', key: null }, state(now)));
  const first = one!(null)!;
  expect(first).toMatchObject({ event: 'config', data: { a: '1', b: '2' } });
  expect(other!(null)).toBe(first);
  expect(one!(first.id)).toBeNull();
  now.values = valuesOf({ a: '1', b: '3' });
  expect(one!(first.id)).toMatchObject({ data: { a: '1', b: '3' } });
});

test('one key tells of itself only, also that it has gone', () => {
  const now = { values: valuesOf({ a: '1' }), version: '' };
  const news = newsOf({ stream: 'config', key: 'a' }, state(now));
  const { id, data } = news(null)!;
  expect(data).toEqual({ key: 'a', value: '1' });
  now.values = valuesOf({ a: '1', b: '2' });
  expect(news(id)).toBeNull();
  now.values = valuesOf({ b: '2' });
  expect(news(id)?.data).toEqual({ key: 'a', value: null });
});

describe('flags', () => {
  const now = { values: valuesOf({}), version: 'v1' };
  const news = newsOf({ stream: 'flags' }, state(now));

  test('are to be asked for by whoever does not say what it has', () => {
    expect(news(null)).toEqual({ id: 'v1', event: 'message', data: { type: 'refetchEvaluation', etag: '"v1"' } });
  });

  test('are no news to who has them', () => {
    expect(news('v1')).toBeNull();
    expect(news('v0')).toMatchObject({ id: 'v1' });
  });
});
