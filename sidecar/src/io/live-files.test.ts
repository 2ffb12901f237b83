import { watch } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '@fusebox/api/compile/compile.ts';
import { configMap } from '@fusebox/api/testing/builders.ts';
import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';
import { newLogger, type LogFields } from '@fusebox/runtime/log.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { liveValuesOf, type LiveValues } from '../live-values.ts';
import { LiveFiles } from './live-files.ts';

let folder: string;
let lines: LogFields[];
let retries: (() => void)[];
let registry: MetricsRegistry;
let draws: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'live-files-'));
  [lines, retries, registry, draws] = [[], [], new MetricsRegistry(), 0];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const newFiles = (): LiveFiles =>
  new LiveFiles({
    directory: folder,
    registry,
    clock: new FakeClock(),
    timers: {
      after(_delayMs, run) {
        retries.push(run);
        return () => (retries = retries.filter((other) => other !== run));
      },
    },
    random: () => (draws += 1) / 1_000_000,
    log: newLogger({
      level: 'debug',
      write: (line) => void lines.push(JSON.parse(line) as LogFields),
      wallMs: () => 0,
    }),
  });

const valuesOf = (config: Record<string, string>): LiveValues =>
  liveValuesOf(compile([configMap({ config })], { namespace: null, workloads: [], labels: null }));

const metric = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(registry.render())![1]!;
const read = (key: string): Promise<string> => readFile(join(folder, key), 'utf8');
const messages = (): unknown[] => lines.map(({ level, message }) => `${String(level)} ${String(message)}`);

test('of changes that come faster than the disk takes them the newest is written', async () => {
  const files = newFiles();
  for (let count = 1; count <= 50; count += 1) files.show(valuesOf({ count: String(count) }));
  expect(metric('fusebox_live_files_current')).toBe('0');
  await vi.waitUntil(() => metric('fusebox_live_files_current') === '1');
  expect(await read('count')).toBe('50');
  // One name is drawn for each set: the first, and the newest when that was written.
  expect(draws).toBe(2);
  await files.close();
  expect(lines).toEqual([]);
});

test('what fails is told once, shown, and tried again; the files before stay', async () => {
  const files = newFiles();
  files.show(valuesOf({ secret: 'hunter2' }));
  await vi.waitUntil(() => metric('fusebox_live_files_current') === '1');
  await mkdir(join(folder, '..data_tmp'));
  files.show(valuesOf({ secret: 'hunter3' }));
  for (let tries = 1; tries <= 3; tries += 1) {
    await vi.waitUntil(() => retries.length === 1);
    expect(metric('fusebox_live_files_failures_total')).toBe(String(tries));
    retries.shift()!();
  }
  await vi.waitUntil(() => retries.length === 1);
  expect([await read('secret'), metric('fusebox_live_files_current')]).toEqual(['hunter2', '0']);
  expect(messages()).toEqual(['error live files could not be replaced; those from before stay']);
  await rm(join(folder, '..data_tmp'), { recursive: true });
  retries.shift()!();
  await vi.waitUntil(() => metric('fusebox_live_files_current') === '1');
  expect(await read('secret')).toBe('hunter3');
  expect(messages().slice(1)).toEqual(['info live files are current again']);
  expect(JSON.stringify(lines)).not.toContain('hunter');
  await files.close();
});

test('a change is a reason to try again at once', async () => {
  await rm(folder, { recursive: true });
  const files = newFiles();
  files.show(valuesOf({ a: '1' }));
  await vi.waitUntil(() => retries.length === 1);
  await mkdir(folder);
  files.show(valuesOf({ a: '2' }));
  expect(retries).toEqual([]);
  await vi.waitUntil(() => metric('fusebox_live_files_current') === '1');
  expect(await read('a')).toBe('2');
  await files.close();
});

test("somebody else's file in the place of a key is told by name; the other keys are written", async () => {
  await writeFile(join(folder, 'a'), 'theirs');
  const files = newFiles();
  files.show(valuesOf({ a: '1', b: '1' }));
  await vi.waitUntil(() => retries.length === 1);
  expect([await read('a'), await read('b'), metric('fusebox_live_files_current')]).toEqual(['theirs', '1', '0']);
  expect(lines).toEqual([expect.objectContaining({ level: 'error', keys: ['a'] })]);
  await rm(join(folder, 'a'));
  retries.shift()!();
  await vi.waitUntil(() => metric('fusebox_live_files_current') === '1');
  expect(await read('a')).toBe('1');
  await files.close();
});

test('nothing is begun after the end', async () => {
  const files = newFiles();
  await files.close();
  files.show(valuesOf({ a: '1' }));
  await files.close();
  await expect(read('a')).rejects.toThrow('ENOENT');
});

test('a watcher of the folder hears of every change, and a poller of one file sees it', async () => {
  const files = newFiles();
  files.show(valuesOf({ ttl: '0' }));
  await vi.waitUntil(() => metric('fusebox_live_files_current') === '1');
  let heard = 0;
  const watcher = watch(folder, (_, name) => {
    if (name === '..data') heard += 1;
  });
  for (const ttl of ['1', '2', '3']) {
    const before = heard;
    files.show(valuesOf({ ttl }));
    await vi.waitUntil(async () => heard > before && (await read('ttl')) === ttl);
  }
  watcher.close();
  await files.close();
});
