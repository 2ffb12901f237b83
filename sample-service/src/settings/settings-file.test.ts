import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Value from 'typebox/value';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { keysOf, sectionNames } from './setting-keys.ts';
import { readSettings, type SettingsReading } from './settings-file.ts';
import { Settings } from './settings.ts';

const root = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(root, { recursive: true }));

const defaults = Value.Create(Settings);
const none = { env: {}, overrides: {} };

/** Reads a file of this name and text. Its folder is left out of the faults. */
async function read(name: string, text: string): Promise<SettingsReading> {
  writeFileSync(join(root, name), text);
  const reading = await readSettings({ path: join(root, name), ...none });
  return 'faults' in reading ? { faults: reading.faults.map((fault) => fault.replace(`${root}/`, '')) } : reading;
}

test('without a file, everything is as the schema says', async () => {
  expect(await readSettings({ path: null, ...none })).toEqual({ settings: defaults });
});

test.each([
  ['a.yaml', 'cache: {ttl_seconds: 5}\nserver:\n  # nothing yet\nfeature_flags: {enable_profiles: true}\n'],
  ['a.yml', 'cache:\n  ttl_seconds: 5\nfeature_flags:\n  enable_profiles: true\n'],
  ['a.json', '{"cache": {"ttl_seconds": 5}, "feature_flags": {"enable_profiles": true}}'],
  ['a.toml', '[cache]\nttl_seconds = 5\n[feature_flags]\nenable_profiles = true\n'],
])('%s says what it says, and leaves the rest to the defaults', async (name, text) => {
  expect(await read(name, text)).toEqual({
    settings: {
      ...defaults,
      cache: { ...defaults.cache, ttl_seconds: 5 },
      feature_flags: { enable_profiles: true },
    },
  });
});

describe('faults', () => {
  test.each([
    ['a.yaml', 'server:\n  prt: 1\ncach: {}\ncache:\n  ttl_seconds: x\n  max_entries: 0\nfeature_flags:\n  a: on\n'],
    [
      'a.json',
      '{"server": {\n"prt": 1},\n"cach": {}, "cache":\n{\n"ttl_seconds": "x",\n"max_entries": 0}, "feature_flags":\n{\n"a": "on"}}',
    ],
  ])('in %s are told all at once, with line and what was meant', async (name, text) => {
    const reading = (await read(name, text)) as { faults: string[] };
    expect(reading.faults.toSorted()).toEqual([
      `${name}:2: there is no setting server.prt; is server.port meant?`,
      `${name}:3: there is no section cach; is cache meant?`,
      `${name}:5: cache.ttl_seconds must be a number from 0 to 86400`,
      `${name}:6: cache.max_entries must be a whole number from 1 to 1000000`,
      `${name}:8: feature_flags.a must be true or false`,
    ]);
  });

  test.each([
    ['a.yaml', 'cache: 5', 'a.yaml:1: cache must be a section of settings'],
    ['a.yaml', '- 1', 'a.yaml: it must hold sections of settings'],
    ['a.yaml', '# nothing\n', 'a.yaml: it is empty; {} asks for the defaults'],
    ['a.yaml', 'cache:\n  url: redis://:secret@h\n cache: [', 'a.yaml:3: '],
    ['a.yaml', 'cache:\n  ttl_seconds: 1\n  ttl_seconds: 2\n', 'a.yaml:3: Map keys must be unique'],
    ['a.json', 'cache: {url: "redis://:secret@h"}', 'a.json: it is YAML, but not JSON'],
    ['a.json', '{"cache": {"url":\n"redis://:secret@h",}}', 'a.json:2: it is YAML, but not JSON'],
    ['a.toml', '[cache]\nurl = "redis://:secret@h\n', 'a.toml:2: Invalid TOML document'],
    ['a.toml', '[cache]\n\nttl_seconds = "secret"\n', 'a.toml:3: cache.ttl_seconds must be a number'],
    ['a.yaml', 'payments: {breaker: on}', 'payments.breaker must be in-process or none'],
    ['a.yaml', 'server: {workers: many}', 'must be auto-io or auto-cpu or a whole number from 1 to 256'],
    ['a.yaml', 'nats: {stream: "a b"}', 'nats.stream must be text like '],
    ['a.ini', 'x', 'a.ini: the name of the file must end in .yaml, .yml, .json or .toml'],
  ])('%s with %j: %s', async (name, text, fault) => {
    const { faults } = (await read(name, text)) as { faults: string[] };
    expect(faults[0]).toContain(fault);
    expect(faults.join()).not.toContain('secret');
  });

  test('of a file that is not there name it', async () => {
    const reading = await readSettings({ path: join(root, 'nowhere.yaml'), ...none });
    expect(reading).toEqual({ faults: [expect.stringContaining('nowhere.yaml: ENOENT') as unknown] });
  });
});

describe('what wins', () => {
  test('is the environment over the file, and the command line over both', async () => {
    writeFileSync(
      join(root, 'w.yaml'),
      'cache: {url: redis://file}\nserver: {port: 1}\ntracing: {endpoint: http://file}',
    );
    const reading = await readSettings({
      path: join(root, 'w.yaml'),
      env: { REDIS_URL: 'redis://env', DATABASE_URL: 'postgres://env', OTEL_EXPORTER_OTLP_ENDPOINT: '', OTHER: 'x' },
      overrides: { 'server.port': 2, 'database.data_dir': '7' },
    });
    expect(reading).toMatchObject({
      settings: {
        cache: { url: 'redis://env' },
        database: { url: 'postgres://env', data_dir: '7' },
        tracing: { endpoint: 'http://file' },
        server: { port: 2 },
      },
    });
  });

  test('is named when it is wrong', async () => {
    const reading = await readSettings({ path: null, env: {}, overrides: { 'server.port': 65_536 } });
    expect(reading).toEqual({ faults: ['command line: server.port must be a whole number from 0 to 65535'] });
  });
});

describe('a folder', () => {
  let folder: string;
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'folder-'));
  });

  test('holds single settings, that win over its whole file', async () => {
    put('config.yaml', 'cache: {ttl_seconds: 5, max_entries: 7}\n');
    put('cache.ttl_seconds', '30\n');
    put('feature_flags.enable_profiles', 'true');
    put('database.data_dir', '12\n');
    put('flags.yaml', 'flags: {}');
    put('..hidden', 'x');
    expect(await readSettings({ path: folder, ...none })).toMatchObject({
      settings: {
        cache: { ttl_seconds: 30, max_entries: 7 },
        feature_flags: { enable_profiles: true },
        database: { data_dir: '12' },
      },
    });
  });

  test('names the file that is wrong', async () => {
    put('cache.ttl_second', '30');
    put('server.port', 'x');
    put('log', 'level: loud');
    const { faults } = (await readSettings({ path: folder, ...none })) as { faults: string[] };
    expect(faults.map((fault) => fault.replace(`${folder}/`, '')).toSorted()).toEqual([
      'cache.ttl_second: there is no setting cache.ttl_second; is cache.ttl_seconds meant?',
      'log: log.level must be debug or info or warn or error',
      'server.port: server.port must be a whole number from 0 to 65535',
    ]);
  });
});

describe('the example', () => {
  const path = join(import.meta.dirname, '../../config.example.yaml');

  test('shows the defaults, with one flag on', async () => {
    const feature_flags = { enable_profiles: true, enable_user_cache: false };
    expect(await readSettings({ path, ...none })).toEqual({ settings: { ...defaults, feature_flags } });
  });

  test('names every setting', () => {
    const lines = readFileSync(path, 'utf8').split('\n');
    for (const section of sectionNames) {
      const start = lines.findIndex((line) => line.startsWith(`${section}:`));
      const length = lines.slice(start + 1).findIndex((line) => /^\w/.test(line));
      const own = lines.slice(start, length === -1 ? lines.length : start + 1 + length);
      for (const key of keysOf(section)) {
        expect(own.filter((line) => new RegExp(`^  (# )?${key}: `).test(line))).toHaveLength(1);
      }
    }
  });
});
