import { describe, expect, test } from 'vitest';
import type { Log } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { holdMs, type Cache } from './cache.ts';
import { memoryCache } from './memory-cache.ts';
import { ReadThrough } from './read-through.ts';

/** A cache in simulated time before a database that the test holds in its hand. */
class World {
  nowMs = 1_000_000;
  ttlMs = 60_000;
  draw = 0;
  cacheFails = false;
  writesFail = false;
  /** What the database says. */
  stored: string | null = 'first';
  loads = 0;
  readonly lines: string[] = [];
  readonly metrics = createMetrics();
  readonly memory: Cache<string> = memoryCache(
    () => 100,
    () => this.nowMs,
  );
  readonly reads: ReadThrough<string>;

  constructor() {
    const line = (message: string): void => void this.lines.push(message);
    const log: Log = { debug: line, info: line, warn: line, error: line };
    const orFail = async <T>(call: () => Promise<T>): Promise<T> => {
      if (this.cacheFails) throw new Error('away');
      return call();
    };
    const cache: Cache<string> = {
      get: (key) => orFail(() => this.memory.get(key)),
      put: (key, copy, ttlMs) =>
        this.writesFail ? Promise.reject(new Error('full')) : orFail(() => this.memory.put(key, copy, ttlMs)),
      forget: (key) => orFail(() => this.memory.forget(key)),
      close: () => Promise.resolve(),
    };
    const { metrics } = this;
    const options = { cache, metrics, log, nowMs: () => this.nowMs, ttlMs: () => this.ttlMs, random: () => this.draw };
    this.reads = new ReadThrough(options);
  }

  /** Reads; the database takes `tookMs`, and answers what was stored when it was asked. */
  get(tookMs = 0): Promise<string | null> {
    return this.reads.get('k', async () => {
      this.loads += 1;
      const { stored } = this;
      await Promise.resolve();
      this.nowMs += tookMs;
      return stored;
    });
  }

  /** Reads, and the database answers when the test says so. */
  getSlowly(): { answer: () => void; value: Promise<string | null> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const value = this.reads.get('k', async () => {
      this.loads += 1;
      const { stored } = this;
      await promise;
      return stored;
    });
    return { answer: resolve, value };
  }

  change(value: string | null): Promise<void> {
    return this.reads.change('k', async () => {
      this.stored = value;
      await Promise.resolve();
    });
  }

  async counted(): Promise<Record<string, number>> {
    const { values } = await this.metrics.cacheReads.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]));
  }
}

/** Lets all promises that can be settled be settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a copy', () => {
  test('serves until its time is over', async () => {
    const world = new World();
    expect(await world.get()).toBe('first');
    world.stored = 'second';
    world.nowMs += 59_999;
    expect(await world.get()).toBe('first');
    world.nowMs += 1;
    expect(await world.get()).toBe('second');
    expect(await world.counted()).toEqual({ hit: 1, miss: 2, error: 0 });
  });

  test('obeys a shorter time to live that came after it', async () => {
    const world = new World();
    await world.get();
    world.nowMs += 10_000;
    world.ttlMs = 10_000;
    world.stored = 'second';
    expect(await world.get()).toBe('second');
  });

  test('is not kept without a time to live, and neither is what is not there', async () => {
    const world = new World();
    world.ttlMs = 0;
    await world.get();
    await world.get();
    expect(world.loads).toBe(2);
    world.ttlMs = 60_000;
    world.stored = null;
    expect([await world.get(), await world.get()]).toEqual([null, null]);
    expect(world.loads).toBe(4);
  });

  test('is made anew early by some readers, the more likely the longer that takes', async () => {
    const world = new World();
    await world.get(1_000);
    world.nowMs += 57_000;
    world.draw = 0.5; // 0.69 s
    await world.get();
    expect(world.loads).toBe(1);
    world.draw = 0.9; // 2.3 s
    await world.get();
    expect(world.loads).toBe(2);
  });
});

describe('one load', () => {
  test('serves all who wait for it, and its failure too', async () => {
    const world = new World();
    const reads = Array.from({ length: 100 }, () => world.get());
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['first']));
    expect(world.loads).toBe(1);
    const failing = (): Promise<string> => Promise.reject(new Error('no database'));
    await expect(world.reads.get('other', failing)).rejects.toThrow('no database');
    expect(await world.reads.get('other', () => Promise.resolve('x'))).toBe('x');
  });

  test('that began before a change does not serve who asks after it, and is not kept', async () => {
    const world = new World();
    const old = world.getSlowly();
    await settled();
    await world.change('second');
    const after = world.getSlowly();
    await settled();
    old.answer();
    after.answer();
    expect([await old.value, await after.value]).toEqual(['first', 'second']);
    await settled();
    expect(await world.get()).toBe('second');
  });
});

describe('a change', () => {
  test('is seen by the next reader', async () => {
    const world = new World();
    await world.get();
    await world.change('second');
    expect(await world.get()).toBe('second');
    await world.change(null);
    expect(await world.get()).toBeNull();
  });

  test('is not undone by another process that had read the old value', async () => {
    const world = new World();
    await world.change('second');
    await world.memory.put('k', { value: 'first', madeAtMs: world.nowMs, tookMs: 0 }, 60_000);
    expect(await world.get()).toBe('second');
    world.nowMs += holdMs;
    await world.get();
    world.stored = 'third';
    expect(await world.get()).toBe('second');
  });

  test('that takes longer than copies are refused is not undone by who read before it', async () => {
    const world = new World();
    await world.reads.change('k', async () => {
      world.nowMs += holdMs;
      await world.get();
      world.stored = 'second';
    });
    expect(await world.get()).toBe('second');
  });

  test('leaves no old copy behind where its process dies before the end', async () => {
    const world = new World();
    await world.get();
    void world.reads.change('k', () => {
      world.stored = 'second';
      return new Promise(() => {});
    });
    await settled();
    expect(await world.get()).toBe('second');
  });

  test('that fails is thrown, and what was there is read anew', async () => {
    const world = new World();
    await world.get();
    await expect(world.reads.change('k', () => Promise.reject(new Error('conflict')))).rejects.toThrow('conflict');
    world.stored = 'as it is now';
    expect(await world.get()).toBe('as it is now');
  });

  test('is not endangered by what was loaded for too long', async () => {
    const world = new World();
    await world.get(holdMs / 2);
    await world.get();
    expect(world.loads).toBe(2);
  });
});

describe('while the cache is away', () => {
  test('the database answers, which is told once and counted', async () => {
    const world = new World();
    world.cacheFails = true;
    expect([await world.get(), await world.get()]).toEqual(['first', 'first']);
    await settled();
    expect(world.loads).toBe(2);
    expect(await world.counted()).toEqual({ hit: 0, miss: 0, error: 2 });
    world.cacheFails = false;
    await world.get();
    await settled();
    expect(world.lines).toEqual(['the cache is away, the database answers instead', 'the cache is back']);
  });

  test('to writes only, that too is told once', async () => {
    const world = new World();
    world.writesFail = true;
    for (let read = 0; read < 3; read += 1) {
      await world.get();
      await settled();
    }
    expect(world.loads).toBe(3);
    expect(world.lines).toEqual(['the cache is away, the database answers instead']);
  });

  test('changes are remembered, and made good for when it is back', async () => {
    const world = new World();
    await world.get();
    world.cacheFails = true;
    await world.change('second');
    world.cacheFails = false;
    await world.reads.get('other', () => Promise.resolve('x'));
    await settled();
    expect(await world.memory.get('k')).toBeNull();
    expect(await world.get()).toBe('second');
  });

  test('and comes back, a changed key is not read from it before it was forgotten', async () => {
    const world = new World();
    await world.get();
    world.cacheFails = true;
    await world.change('second');
    world.cacheFails = false;
    expect(await world.get()).toBe('second');
  });
});
