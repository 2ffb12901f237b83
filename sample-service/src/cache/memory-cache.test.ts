import { expect, test } from 'vitest';
import { memoryCache } from './memory-cache.ts';

const copy = (value: string) => ({ value, madeAtMs: 0, tookMs: 0 });

test('what was used least recently goes first, and a lower bound holds from the next write on', async () => {
  let maxEntries = 2;
  const cache = memoryCache<string>(
    () => maxEntries,
    () => 0,
  );
  await cache.put('a', copy('a'), 1);
  await cache.put('b', copy('b'), 1);
  await cache.get('a');
  await cache.put('c', copy('c'), 1);
  const kept = async (): Promise<boolean[]> =>
    (await Promise.all(['a', 'b', 'c'].map((key) => cache.get(key)))).map((found) => found !== null);
  expect(await kept()).toEqual([true, false, true]);
  maxEntries = 1;
  await cache.put('c', copy('c'), 1);
  expect(await kept()).toEqual([false, false, true]);
});
