import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '@fusebox/api/compile/compile.ts';
import { configMap } from '@fusebox/api/testing/builders.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileSettings } from '../compile-settings.ts';
import type { Settings } from '../live-values.ts';
import { newLastGood } from './last-good.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import type { LogFields } from '@fusebox/runtime/log.ts';

let root: string;
let lines: LogFields[];
const log = newLogger({
  level: 'info',
  write: (line) => void lines.push(JSON.parse(line) as LogFields),
  wallMs: () => 0,
});

beforeEach(async () => {
  lines = [];
  root = await mkdtemp(join(tmpdir(), 'last-good-'));
});
afterEach(() => rm(root, { recursive: true }));

function settingsWith(timeout: string): Settings {
  const text = `{apiVersion: fusebox.dev/v1alpha1, kind: ResiliencePolicy, metadata: {name: a}, spec: {inbound: {defaults: {timeout: ${timeout}}}}}`;
  const result = compileSettings([{ name: 'a', text }], { namespace: null, workloads: [], labels: null });
  if (!('snapshot' in result)) throw new Error(result.faults.join());
  const { snapshot, blobs } = result;
  return { snapshot, blobs };
}

const file = (): string => join(root, 'data/last-good-snapshot.json');

test('what was written is read back, and the folder is made', async () => {
  const lastGood = newLastGood(join(root, 'data'), log);
  expect(await lastGood.read()).toBeNull();
  await lastGood.write(settingsWith('2s'));
  expect(await lastGood.read()).toEqual(settingsWith('2s'));
  expect(lines).toEqual([]);
});

test('of several at once the newest is kept, and nothing else is left', async () => {
  const lastGood = newLastGood(join(root, 'data'), log);
  await Promise.all(['1s', '2s', '3s', '4s'].map((timeout) => lastGood.write(settingsWith(timeout))));
  expect(await lastGood.read()).toEqual(settingsWith('4s'));
  expect(await readdir(join(root, 'data'))).toEqual(['last-good-snapshot.json']);
});

test.each<[string, (text: string) => string]>([
  ['cut short', (text) => text.slice(0, -20)],
  ['empty', () => ''],
  ['something else', () => '{"format": 1}'],
  ['of another format', (text) => text.replace('"format":1', '"format":2')],
  ['altered', (text) => text.replace('"timeoutMs":2000', '"timeoutMs":1')],
])('a file that is %s is ignored with a warning', async (_, spoil) => {
  const lastGood = newLastGood(join(root, 'data'), log);
  await lastGood.write(settingsWith('2s'));
  await writeFile(file(), spoil(await readFile(file(), 'utf8')));
  expect(await lastGood.read()).toBeNull();
  expect(lines).toEqual([expect.objectContaining({ level: 'warn', path: file() })]);
});

test('a folder that cannot be written costs a warning', async () => {
  await writeFile(join(root, 'data'), 'a file');
  const lastGood = newLastGood(join(root, 'data'), log);
  await lastGood.write(settingsWith('2s'));
  expect(await lastGood.read()).toBeNull();
  expect(lines.map((line) => line['message'])).toEqual([
    'the snapshot could not be kept on disk',
    'the snapshot on disk cannot be read',
  ]);
});

describe('values that the snapshot only names', () => {
  const withValue = (value: string): Settings => {
    const { snapshot, blobs } = compile(
      [configMap({ config: { long: value.repeat(20_000) }, binary: { b: 'AP8=' } })],
      {
        namespace: null,
        workloads: [],
        labels: null,
      },
    );
    return { snapshot, blobs };
  };
  const blobFiles = (): Promise<string[]> => readdir(join(root, 'data/last-good-blobs'));

  test('are kept beside it, each once, and go when nothing names them', async () => {
    const lastGood = newLastGood(join(root, 'data'), log);
    await lastGood.write(withValue('a'));
    expect(await newLastGood(join(root, 'data'), log).read()).toEqual(withValue('a'));
    const before = await blobFiles();
    await lastGood.write(withValue('b'));
    expect(await lastGood.read()).toEqual(withValue('b'));
    expect(before.filter((name) => blobNames(withValue('b')).includes(name))).toHaveLength(1);
    expect((await blobFiles()).toSorted()).toEqual(blobNames(withValue('b')));
    await lastGood.write(settingsWith('2s'));
    expect(await blobFiles()).toEqual([]);
    expect(lines).toEqual([]);
  });

  test.each<[string, string, (path: string) => Promise<void>]>([
    ['missing', 'not there', (path) => rm(path)],
    ['damaged', 'damaged', (path) => writeFile(path, 'c'.repeat(20_000))],
  ])('that are %s make it useless', async (_, complaint, spoil) => {
    const lastGood = newLastGood(join(root, 'data'), log);
    await lastGood.write(withValue('a'));
    const { digest } = withValue('a').snapshot.configBlobs!['long']!;
    await spoil(join(root, 'data/last-good-blobs', digest.slice(7)));
    expect(await lastGood.read()).toBeNull();
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', faults: [`the value of "long" is ${complaint}`] }),
    ]);
    // When the same comes anew, it is whole again.
    await lastGood.write(withValue('a'));
    expect(await lastGood.read()).toEqual(withValue('a'));
  });
});

const blobNames = ({ blobs }: Settings): string[] => [...blobs.keys()].map((digest) => digest.slice(7)).toSorted();
