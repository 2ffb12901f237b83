import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import type { Log } from '../log.ts';
import { WatchedSettings } from './live-settings.ts';
import type { SettingsReading } from './settings-file.ts';
import { Settings } from './settings.ts';

const defaults = Value.Create(Settings);
const withTtl = (seconds: number): Settings => ({ ...defaults, cache: { ...defaults.cache, ttl_seconds: seconds } });

/** Watched settings in simulated time: what is in the file, and when somebody touches it, is up to the test. */
class World {
  file: SettingsReading = { settings: defaults };
  reads = 0;
  nowMs = 0;
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  readonly settings: WatchedSettings;
  #timer: { atMs: number; run: () => void } | null = null;
  #touched = (): void => {};

  constructor() {
    const line =
      (level: string) =>
      (message: string, fields: Record<string, unknown> = {}): void =>
        void this.lines.push({ level, message, fields });
    const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
    this.settings = new WatchedSettings(defaults, log, {
      read: () => {
        this.reads += 1;
        return Promise.resolve(this.file);
      },
      watch: (onEvent) => {
        this.#touched = onEvent;
        return { renew: () => Promise.resolve(), close() {} };
      },
      nowMs: () => this.nowMs,
      after: (delayMs, run) => {
        const timer = { atMs: this.nowMs + delayMs, run };
        this.#timer = timer;
        return () => {
          if (this.#timer === timer) this.#timer = null;
        };
      },
    });
  }

  touch(file: SettingsReading): void {
    this.file = file;
    this.#touched();
  }

  /** Lets time go by, and everything happen that is due. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settled();
    while (this.#timer !== null && this.#timer.atMs <= endMs) {
      const { atMs, run } = this.#timer;
      this.#timer = null;
      this.nowMs = atMs;
      run();
      await settled();
    }
    this.nowMs = endMs;
  }
}

/** Lets all promises that can be settled be settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('settings that change', () => {
  test('are in force 10 ms after the last touch, as a new object, and are told with what changed', async () => {
    const world = new World();
    await world.pass(0);
    const heard: [Settings, Settings][] = [];
    const before = world.settings.current;
    world.settings.onChange((now, old) => heard.push([now, old]));
    world.touch({ settings: withTtl(30) });
    await world.pass(9);
    expect(world.settings.current).toBe(before);
    await world.pass(1);
    expect(world.settings.current).toEqual(withTtl(30));
    expect(before).toEqual(defaults);
    expect(heard).toEqual([[withTtl(30), defaults]]);
    const fields = { changes: ['cache.ttl_seconds: 60 → 30'] };
    expect(world.lines).toEqual([{ level: 'info', message: 'settings changed', fields }]);
  });

  test('are read within 40 ms while somebody writes without end', async () => {
    const world = new World();
    await world.pass(0);
    const readsBefore = world.reads;
    for (let ms = 0; ms < 40; ms += 5) {
      world.touch({ settings: withTtl(30) });
      await world.pass(5);
    }
    expect(world.reads).toBeGreaterThan(readsBefore);
    expect(world.settings.current.cache.ttl_seconds).toBe(30);
  });

  test('are found within two seconds where nothing tells of changes', async () => {
    const world = new World();
    await world.pass(0);
    world.file = { settings: withTtl(30) };
    await world.pass(2_000);
    expect(world.settings.current.cache.ttl_seconds).toBe(30);
  });

  test('tell nobody where nothing is different, and no longer who has had enough', async () => {
    const world = new World();
    const heard: number[] = [];
    const end = world.settings.onChange((now) => heard.push(now.cache.ttl_seconds));
    world.touch({ settings: { ...defaults } });
    await world.pass(100);
    world.touch({ settings: withTtl(1) });
    await world.pass(100);
    end();
    world.touch({ settings: withTtl(2) });
    await world.pass(100);
    expect(heard).toEqual([1]);
    expect(world.settings.current.cache.ttl_seconds).toBe(2);
  });

  test('reach all who listen, also behind one that throws', async () => {
    const world = new World();
    const heard: number[] = [];
    world.settings.onChange(() => {
      throw new Error('no');
    });
    world.settings.onChange((now) => heard.push(now.cache.ttl_seconds));
    world.touch({ settings: withTtl(1) });
    await world.pass(100);
    expect(heard).toEqual([1]);
    expect(world.lines.map(({ level }) => level)).toEqual(['info', 'error']);
  });

  test('are no longer followed after the end', async () => {
    const world = new World();
    await world.pass(0);
    world.touch({ settings: withTtl(1) });
    world.settings.close();
    await world.pass(10_000);
    expect(world.settings.current).toEqual(defaults);
  });
});

describe('settings that are wrong', () => {
  test('leave the last good ones in force, and are told once, until they are good again', async () => {
    const world = new World();
    await world.pass(0);
    world.touch({ settings: withTtl(30) });
    await world.pass(10);
    world.touch({ faults: ['a', 'b'] });
    await world.pass(30_000);
    expect(world.settings.current).toEqual(withTtl(30));
    world.touch({ settings: withTtl(31) });
    await world.pass(10);
    expect(world.settings.current).toEqual(withTtl(31));
    expect(world.lines.slice(1)).toEqual([
      {
        level: 'error',
        message: 'settings refused, the last good ones stay in force',
        fields: { faults: ['a', 'b'] },
      },
      { level: 'info', message: 'settings are good again', fields: {} },
      { level: 'info', message: 'settings changed', fields: { changes: ['cache.ttl_seconds: 30 → 31'] } },
    ]);
  });

  test('for less than 100 ms were a file half written: nobody hears of them', async () => {
    const world = new World();
    await world.pass(0);
    world.touch({ faults: ['it is empty'] });
    await world.pass(50);
    world.touch({ settings: withTtl(30) });
    await world.pass(50);
    expect(world.lines.map(({ message }) => message)).toEqual(['settings changed']);
  });
});

describe('what cannot change live', () => {
  test('stays as it was, and says so once', async () => {
    const world = new World();
    await world.pass(0);
    const next = withTtl(30);
    const settings = { ...next, server: { ...next.server, port: 1 } };
    world.touch({ settings });
    await world.pass(10_000);
    expect(world.settings.current).toEqual(next);
    expect(world.lines).toEqual([
      {
        level: 'warn',
        message: 'settings that need a restart',
        fields: { changes: ['server.port changes at the next start (server.port: 8080 → 1)'] },
      },
      { level: 'info', message: 'settings changed', fields: { changes: ['cache.ttl_seconds: 60 → 30'] } },
    ]);
  });

  test('shows no secrets', async () => {
    const world = new World();
    await world.pass(0);
    const url = 'redis://me:secret@cache:6379/1?password=secret';
    world.touch({ settings: { ...defaults, cache: { ...defaults.cache, url } } });
    await world.pass(10);
    world.touch({ settings: { ...defaults, payments: { ...defaults.payments, url: 'secret' } } });
    await world.pass(10);
    expect(world.lines.flatMap(({ fields }) => fields['changes'])).toEqual([
      'cache.url changes at the next start (cache.url: none → redis://***@cache:6379/1?***)',
      'payments.url: none → (not shown)',
    ]);
  });
});
