/** The caches of the sample service: one suite for memory and for a real Redis, also one that is killed, or hangs. */
import type { Cache } from '@fusebox/sample-service/cache/cache.ts';
import { memoryCache } from '@fusebox/sample-service/cache/memory-cache.ts';
import { ReadThrough } from '@fusebox/sample-service/cache/read-through.ts';
import { redisCache } from '@fusebox/sample-service/cache/redis-cache.ts';
import { silentLog } from '@fusebox/sample-service/log.ts';
import { createMetrics } from '@fusebox/sample-service/metrics.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whyNotTested } from './support/real-parts.ts';
import { RedisServer } from './support/redis-server.ts';
import { until } from './support/until.ts';

const why = whyNotTested('a cache in Redis', ['redis-server']);

let server: RedisServer;
beforeAll(async () => {
  if (why === null) server = await RedisServer.start();
});
afterAll(() => server?.kill());

const kinds: [string, () => Promise<Cache<string>>][] = [
  ['memory', () => Promise.resolve(memoryCache<string>(() => 100, Date.now))],
];
let prefixes = 0;
if (why === null) kinds.push(['Redis', () => redisCache<string>(server.url, `test${++prefixes}:`)]);

const copy = (value: string) => ({ value, madeAtMs: 1, tookMs: 2 });

describe.each(kinds)('a cache in %s', (_kind, open) => {
  let cache: Cache<string>;
  beforeEach(async () => {
    cache = await open();
  });
  afterEach(() => cache.close());

  test('gives back what was put, and nothing else', async () => {
    await cache.put('a', copy('ä\n'), 60_000);
    expect(await cache.get('a')).toEqual(copy('ä\n'));
    expect(await cache.get('b')).toBeNull();
    await cache.put('a', copy('newer'), 60_000);
    expect(await cache.get('a')).toEqual(copy('newer'));
  });

  test('keeps nothing beyond its time', async () => {
    await cache.put('a', copy('a'), 1);
    await until('it has gone', async () => (await cache.get('a')) === null);
  });

  test('has no copy of what was forgotten, and takes none for a while', async () => {
    await cache.put('a', copy('a'), 60_000);
    await cache.forget('a');
    expect(await cache.get('a')).toBeNull();
    await cache.put('a', copy('late'), 60_000);
    expect(await cache.get('a')).toBeNull();
  });
});

describe.skipIf(why !== null)('a Redis', () => {
  const readThrough = (cache: Cache<string>) =>
    new ReadThrough({
      cache,
      ttlMs: () => 60_000,
      nowMs: Date.now,
      random: () => 0,
      metrics: createMetrics(),
      log: silentLog,
    });

  test('shows two processes the same copies and the same changes', async () => {
    const [one, other] = await Promise.all([
      redisCache<string>(server.url, 'shared:'),
      redisCache<string>(server.url, 'shared:'),
    ]);
    await one.put('a', copy('a'), 60_000);
    expect(await other.get('a')).toEqual(copy('a'));
    await other.forget('a');
    await one.put('a', copy('old'), 60_000);
    expect(await one.get('a')).toBeNull();
    expect(await server.ask('PTTL shared:a')).toMatch(/^:[1-5]\d{0,3}$/);
    await Promise.all([one.close(), other.close()]);
  });

  test('that is not there at the start is used when it comes', async () => {
    await using late = await RedisServer.start();
    await late.kill();
    const cache = await redisCache<string>(late.url, 'late:');
    await expect(cache.get('a')).rejects.toThrow();
    await late.start();
    await until('it is used', () =>
      cache.get('a').then(
        () => true,
        () => false,
      ),
    );
    await cache.close();
  });

  test('that is killed and comes back under load fails no reader, and is used again', async () => {
    await using own = await RedisServer.start();
    const cache = await redisCache<string>(own.url, 'load:');
    const reads = readThrough(cache);
    let done = 0;
    const load = { goesOn: true };
    const reader = async (number: number): Promise<void> => {
      for (let turn = 0; load.goesOn; turn += 1) {
        const key = String((number + turn) % 10);
        expect(await reads.get(key, () => Promise.resolve(`value ${key}`))).toBe(`value ${key}`);
        if (turn % 20 === 0) await reads.change(key, () => Promise.resolve());
        done += 1;
        // Without it, those who are answered at once would leave no time for sockets.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const readers = Array.from({ length: 20 }, (_, number) => reader(number));
    for (let round = 0; round < 3; round += 1) {
      await own.kill();
      const before = done;
      await until('readers go on without it', () => done > before + 200);
      await own.start();
      await until('it is used again', async () => Number((await own.ask('DBSIZE')).slice(1)) > 0);
    }
    load.goesOn = false;
    await Promise.all(readers);
    await cache.close();
  });

  test('that hangs delays one reader, not all who come after', async () => {
    await using own = await RedisServer.start();
    const cache = await redisCache<string>(own.url, 'hang:');
    await cache.get('a');
    own.signal('SIGSTOP');
    await expect(cache.get('a')).rejects.toThrow('timed out');
    const answers = await Promise.allSettled(Array.from({ length: 1_000 }, () => cache.get('a')));
    const reasons = answers.map((answer) => (answer.status === 'rejected' ? String(answer.reason) : 'answered'));
    expect(reasons.filter((reason) => /answered|timed out/.test(reason))).toEqual([]);
    own.signal('SIGCONT');
    await until('it is used again', () =>
      cache.get('a').then(
        () => true,
        () => false,
      ),
    );
    await cache.close();
  });
});
