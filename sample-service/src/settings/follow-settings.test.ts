/** Real files, changed in all the ways in which files change. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { silentLog } from '../log.ts';
import { followSettings, type LiveSettings } from './live-settings.ts';
import { readSettings } from './settings-file.ts';

let root: string;
let open: { close(): void } | null = null;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'follow-'));
});
afterEach(async () => {
  open?.close();
  await rm(root, { recursive: true });
});

const text = (seconds: number): string => `cache:\n  ttl_seconds: ${seconds}\n`;

async function follow(path: string): Promise<LiveSettings> {
  const sources = { path, env: {}, overrides: {} };
  const reading = await readSettings(sources);
  if ('faults' in reading) throw new Error(reading.faults.join());
  const live = followSettings(reading.settings, sources, silentLog);
  open = live;
  return live;
}

/** Makes the change, and waits until it is told that the time to live is this. */
async function changes(live: LiveSettings, seconds: number, change: () => Promise<unknown>): Promise<void> {
  const seen = new Promise<void>((resolve) => {
    const end = live.onChange((now) => {
      if (now.cache.ttl_seconds !== seconds) return;
      end();
      resolve();
    });
  });
  await change();
  await seen;
}

const replace = async (path: string, content: string): Promise<void> => {
  await writeFile(`${path}.aside`, content);
  await rename(`${path}.aside`, path);
};

test('a file that is written, replaced, emptied, removed, wrong or made anew is followed', async () => {
  const path = join(root, 'a.yaml');
  await writeFile(path, text(1));
  const live = await follow(path);
  await changes(live, 2, () => writeFile(path, text(2)));
  await changes(live, 3, () => replace(path, text(3)));
  await changes(live, 4, () => replace(path, text(4)));
  await changes(live, 5, async () => {
    await writeFile(path, '');
    await writeFile(path, text(5));
  });
  await changes(live, 6, async () => {
    await rm(path);
    await writeFile(path, text(6));
  });
  await changes(live, 7, async () => {
    await writeFile(path, 'cache: [');
    await replace(path, text(7));
  });
});

/** What the kubelet does: a folder for each state, and a link that is replaced. */
async function mount(volume: string, version: number, files: Record<string, string>): Promise<void> {
  const folder = join(volume, `..${version}`);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await symlink(`..${version}`, join(volume, '..data_tmp'));
  await rename(join(volume, '..data_tmp'), join(volume, '..data'));
  await rm(join(volume, `..${version - 1}`), { recursive: true, force: true });
}

test('a mounted ConfigMap is followed through the swap of its link', async () => {
  const path = join(root, 'config.yaml');
  await mount(root, 1, { 'config.yaml': text(1) });
  await symlink('..data/config.yaml', path);
  const live = await follow(path);
  await changes(live, 2, () => mount(root, 2, { 'config.yaml': text(2) }));
  await changes(live, 3, () => mount(root, 3, { 'config.yaml': text(3) }));
});

test('a folder of single settings is followed, as a mounted ConfigMap and as plain files', async () => {
  await mount(root, 1, { 'cache.ttl_seconds': '1' });
  await symlink('..data/cache.ttl_seconds', join(root, 'cache.ttl_seconds'));
  const live = await follow(root);
  await changes(live, 2, () => mount(root, 2, { 'cache.ttl_seconds': '2' }));
  await changes(live, 3, () => replace(join(root, 'cache.ttl_seconds'), '3\n'));
  await changes(live, 60, () => rm(join(root, 'cache.ttl_seconds')));
  await changes(live, 4, () => writeFile(join(root, 'cache.ttl_seconds'), '4'));
});

test('a link to a file elsewhere is followed, at both of its ends', async () => {
  await mkdir(join(root, 'elsewhere'));
  const path = join(root, 'a.yaml');
  const target = join(root, 'elsewhere/b.yaml');
  await writeFile(target, text(1));
  await symlink(target, path);
  const live = await follow(path);
  await changes(live, 2, () => writeFile(target, text(2)));
  await changes(live, 3, () => replace(path, text(3)));
});

test('a folder that is replaced is followed', async () => {
  const folder = join(root, 'config');
  await mkdir(folder);
  await writeFile(join(folder, 'cache.ttl_seconds'), '1');
  const live = await follow(folder);
  await changes(live, 2, async () => {
    await mkdir(join(root, 'next'));
    await writeFile(join(root, 'next/cache.ttl_seconds'), '2');
    await rename(folder, join(root, 'before'));
    await rename(join(root, 'next'), folder);
  });
  await changes(live, 3, () => writeFile(join(folder, 'cache.ttl_seconds'), '3'));
});
