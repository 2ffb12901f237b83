import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileSettings } from '../compile-settings.ts';
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

function snapshotWith(timeout: string): Snapshot {
  const text = `{apiVersion: fusebox.dev/v1alpha1, kind: ResiliencePolicy, metadata: {name: a}, spec: {inbound: {defaults: {timeout: ${timeout}}}}}`;
  const result = compileSettings([{ name: 'a', text }], { namespace: null, workloads: [], labels: null });
  if (!('snapshot' in result)) throw new Error(result.faults.join());
  return result.snapshot;
}

const file = (): string => join(root, 'data/last-good-snapshot.json');

test('what was written is read back, and the folder is made', async () => {
  const lastGood = newLastGood(join(root, 'data'), log);
  expect(await lastGood.read()).toBeNull();
  await lastGood.write(snapshotWith('2s'));
  expect(await lastGood.read()).toEqual(snapshotWith('2s'));
  expect(lines).toEqual([]);
});

test('of several at once the newest is kept, and nothing else is left', async () => {
  const lastGood = newLastGood(join(root, 'data'), log);
  await Promise.all(['1s', '2s', '3s', '4s'].map((timeout) => lastGood.write(snapshotWith(timeout))));
  expect(await lastGood.read()).toEqual(snapshotWith('4s'));
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
  await lastGood.write(snapshotWith('2s'));
  await writeFile(file(), spoil(await readFile(file(), 'utf8')));
  expect(await lastGood.read()).toBeNull();
  expect(lines).toEqual([expect.objectContaining({ level: 'warn', path: file() })]);
});

test('a folder that cannot be written costs a warning', async () => {
  await writeFile(join(root, 'data'), 'a file');
  const lastGood = newLastGood(join(root, 'data'), log);
  await lastGood.write(snapshotWith('2s'));
  expect(await lastGood.read()).toBeNull();
  expect(lines.map((line) => line['message'])).toEqual([
    'the snapshot could not be kept on disk',
    'the snapshot on disk cannot be read',
  ]);
});
