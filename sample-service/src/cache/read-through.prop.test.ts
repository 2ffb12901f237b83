import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import type { Cache } from './cache.ts';
import { memoryCache } from './memory-cache.ts';
import { ReadThrough } from './read-through.ts';

const metrics = createMetrics();

/** Two processes before one cache and one database; in which order their calls are answered, chance decides. */
class World {
  /** The database: a number that every write raises. */
  stored = 0;
  readonly processes: ReadThrough<number>[];
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    const memory = memoryCache<number>(
      () => 10,
      () => 0,
    );
    const slowly =
      <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
      async (...args: Args): Promise<T> => {
        await scheduler.schedule(Promise.resolve());
        const answer = await call(...args);
        await scheduler.schedule(Promise.resolve());
        return answer;
      };
    const cache: Cache<number> = {
      get: slowly(memory.get),
      put: slowly(memory.put),
      forget: slowly(memory.forget),
      close: memory.close,
    };
    const options = { cache, metrics, log: silentLog, ttlMs: () => 1, nowMs: () => 0, random: () => 0 };
    this.processes = [new ReadThrough(options), new ReadThrough(options)];
  }

  read(process: number): Promise<number | null> {
    return this.processes[process]!.get('k', async () => {
      await this.#scheduler.schedule(Promise.resolve());
      const { stored } = this;
      await this.#scheduler.schedule(Promise.resolve());
      return stored;
    });
  }

  /** Gives what it has written. */
  write(process: number): Promise<number> {
    return this.processes[process]!.change('k', async () => {
      await this.#scheduler.schedule(Promise.resolve());
      this.stored += 1;
      const { stored } = this;
      await this.#scheduler.schedule(Promise.resolve());
      return stored;
    });
  }
}

const step = fc.record({ process: fc.constantFrom(0, 1), kind: fc.constantFrom('read', 'read', 'write') });

test('whatever overlaps, all read the newest value once it is quiet, and a process at once what it wrote', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 2, maxLength: 12 }), async (scheduler, steps) => {
      const world = new World(scheduler);
      /** What each process knows to be written. */
      const known = [0, 0];
      const failures: string[] = [];
      const start = async (process: number, kind: string): Promise<void> => {
        await scheduler.schedule(Promise.resolve());
        const before = known[process]!;
        if (kind === 'write') {
          const written = await world.write(process);
          known[process] = Math.max(known[process]!, written);
        } else {
          const value = await world.read(process);
          if (value! < before) failures.push(`process ${process} knew ${before} and read ${value}`);
        }
      };
      const all = steps.map(({ process, kind }) => start(process, kind));
      await scheduler.waitIdle();
      await Promise.all(all);
      const last = [world.read(0), world.read(1)];
      await scheduler.waitIdle();
      expect(await Promise.all(last)).toEqual([world.stored, world.stored]);
      expect(failures).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});
