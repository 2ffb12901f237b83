import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replaceSet, setName } from './replace-set.ts';

let root: string;
let folder: string;
let moment = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'live-'));
  folder = join(root, 'live');
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const put = (files: Record<string, string | Uint8Array>): Promise<string[]> => {
  moment += 1_000;
  return replaceSet(folder, new Map(Object.entries(files)), setName(moment, 0.5));
};
const listed = async (): Promise<string[]> => (await readdir(folder)).toSorted();

test('the folder looks like a mounted ConfigMap', async () => {
  expect(await put({ ttl: '60', 'a.bin': Buffer.from([0, 255]) })).toEqual([]);
  const set = await readlink(join(folder, '..data'));
  expect(set).toBe('..1970_01_01_00_00_01.500000000');
  expect(await listed()).toEqual(['..1970_01_01_00_00_01.500000000', '..data', 'a.bin', 'ttl']);
  expect(await readlink(join(folder, 'ttl'))).toBe('..data/ttl');
  expect(await readFile(join(folder, 'ttl'), 'utf8')).toBe('60');
  expect(await readFile(join(folder, 'a.bin'))).toEqual(Buffer.from([0, 255]));
});

test('modes do not depend on the umask', async () => {
  const before = process.umask(0o077);
  try {
    await put({ ttl: '60' });
  } finally {
    process.umask(before);
  }
  expect((await stat(join(folder, '..data'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(folder, 'ttl'))).mode & 0o777).toBe(0o644);
});

test('the next set takes the place of the one before: new keys come, others go, and nothing else is left', async () => {
  await put({ a: '1', b: '1' });
  await put({ b: '2', c: '2' });
  expect(await listed()).toEqual([await readlink(join(folder, '..data')), '..data', 'b', 'c']);
  expect(await readFile(join(folder, 'b'), 'utf8')).toBe('2');
});

test('the same set is not written again, also by another process', async () => {
  await put({ a: '1' });
  const before = await stat(join(folder, '..data/a'));
  await put({ a: '1' });
  expect((await stat(join(folder, '..data/a'))).ino).toBe(before.ino);
  await put({});
  expect(await readdir(join(folder, '..data'))).toEqual([]);
});

test('an empty set makes nothing in a folder that has none', async () => {
  await put({});
  expect(await listed()).toEqual([]);
});

test('what an earlier process left is removed, and what it had not finished is done', async () => {
  await put({ a: '1', b: '1' });
  await mkdir(join(folder, '..2026_01_31_12_00_00.1'));
  await writeFile(join(folder, '..2026_01_31_12_00_00.1/half'), 'x');
  await symlink('..2026_01_31_12_00_00.1', join(folder, '..data_tmp'));
  await rm(join(folder, 'a'));
  await symlink('..data/gone', join(folder, 'gone'));
  await put({ a: '1', b: '1' });
  expect((await listed()).filter((name) => !name.startsWith('..19'))).toEqual(['..data', 'a', 'b']);
});

test("what is somebody else's stays, and a key in whose place it stands is named", async () => {
  await writeFile(join(folder, 'theirs'), 'x');
  await writeFile(join(folder, 'ttl'), 'x');
  await symlink('elsewhere', join(folder, 'link'));
  await mkdir(join(folder, '..kept'));
  expect(await put({ ttl: '60', link: '1', b: '2' })).toEqual(['ttl', 'link']);
  expect(await readFile(join(folder, 'ttl'), 'utf8')).toBe('x');
  expect(await readlink(join(folder, 'link'))).toBe('elsewhere');
  expect(await readFile(join(folder, '..data/ttl'), 'utf8')).toBe('60');
  await put({});
  expect((await listed()).filter((name) => !name.startsWith('..19'))).toEqual([
    '..data',
    '..kept',
    'link',
    'theirs',
    'ttl',
  ]);
});

test('a key that is no name of a file never becomes one', async () => {
  expect(await put({ '../evil': 'x', '..data': 'x', ok: 'x' })).toEqual(['../evil', '..data']);
  expect(await readdir(root)).toEqual(['live']);
  expect((await listed()).filter((name) => !name.startsWith('..19'))).toEqual(['..data', 'ok']);
});

describe('when it cannot be done', () => {
  test('the set before stays whole, and nothing half-made is left', async () => {
    await put({ a: '1' });
    // A directory in the place of the link that is to be renamed.
    await mkdir(join(folder, '..data_tmp'));
    await expect(put({ a: '2', b: '2' })).rejects.toThrow(/EISDIR|ERR_FS_EISDIR/);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('1');
    expect((await listed()).filter((name) => name.startsWith('..19'))).toHaveLength(1);
    await rm(join(folder, '..data_tmp'), { recursive: true });
    await put({ a: '2', b: '2' });
    expect(await readFile(join(folder, 'b'), 'utf8')).toBe('2');
  });

  test('the folder is not made', async () => {
    await rm(folder, { recursive: true });
    await expect(put({ a: '1' })).rejects.toThrow('ENOENT');
    await expect(lstat(folder)).rejects.toThrow('ENOENT');
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written is told', async () => {
    await chmod(folder, 0o500);
    await expect(put({ a: '1' })).rejects.toThrow('EACCES');
    await chmod(folder, 0o700);
  });
});
