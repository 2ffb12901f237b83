import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placesToWatch } from './watch-places.ts';

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'places-')));
});
afterEach(() => rm(root, { recursive: true }));

/** The places below `root`, by their path from there. */
async function below(path: string): Promise<Record<string, string[] | null>> {
  const places = await placesToWatch(join(root, path));
  return Object.fromEntries(
    [...places].map(([folder, names]) => [`.${folder.slice(root.length)}`, names === null ? null : [...names].sort()]),
  );
}

test('a plain file is watched in its folder', async () => {
  await writeFile(join(root, 'a.yaml'), '');
  expect(await below('a.yaml')).toEqual({ '.': ['a.yaml'] });
});

test('a file that is not there yet is awaited in the last folder that is', async () => {
  expect(await below('b/c/a.yaml')).toEqual({ '.': ['b'] });
});

test('a folder is watched for every name, and its parent for the folder itself', async () => {
  await mkdir(join(root, 'b'));
  expect(await below('b')).toEqual({ './b': null, '.': ['b'] });
});

test('each link of a mounted ConfigMap is watched where it stands', async () => {
  await mkdir(join(root, 'm/..2026'), { recursive: true });
  await writeFile(join(root, 'm/..2026/policy.yaml'), '');
  await symlink('..2026', join(root, 'm/..data'));
  await symlink('..data/policy.yaml', join(root, 'm/policy.yaml'));
  expect(await below('m/policy.yaml')).toEqual({ './m': ['..data', 'policy.yaml'], './m/..2026': ['policy.yaml'] });
  expect(await below('m')).toEqual({ '.': ['m'], './m': null, './m/..2026': ['policy.yaml'] });
});

test('a link to a folder is watched as well as what it leads to, also when it is absolute', async () => {
  await mkdir(join(root, 'release-1'));
  await writeFile(join(root, 'release-1/a.yaml'), '');
  await symlink(join(root, 'release-1'), join(root, 'current'));
  const places = await below('current/a.yaml');
  expect(places).toEqual({ '.': ['current'], './release-1': ['a.yaml'] });
});

test('links in a circle end', async () => {
  await symlink('b', join(root, 'a'));
  await symlink('a', join(root, 'b'));
  expect(await below('a')).toEqual({ '.': ['a', 'b'] });
});
