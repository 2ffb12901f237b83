import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchSettings } from './file-feed.ts';

let root: string;
let feed: Feed;

/** What the feed said, in order; `next` waits for what it says next. */
class Feed {
  readonly said: string[] = [];
  #taken = 0;
  #wake: () => void = () => {};
  readonly #watching: { close(): void };

  /** Without a poll: only events can make it say anything. */
  constructor(path: string) {
    const say = (text: string): void => {
      this.said.push(text.replaceAll(root, 'ROOT'));
      this.#wake();
    };
    this.#watching = watchSettings({
      path,
      pollMs: 3_600_000,
      onChange: (files) => say(files.map((file) => file.text).join('|')),
      onError: (message) => say(`error ${message}`),
      onWarning: (message) => say(`warning ${message}`),
    });
  }

  async next(): Promise<string> {
    while (this.said.length === this.#taken) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.said[this.#taken++] ?? '';
  }

  /** Waits for this to be said; a file that is being written in place may look empty, or half, before. */
  async until(text: string): Promise<void> {
    while ((await this.next()) !== text);
  }

  close(): void {
    this.#watching.close();
  }
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'feed-'));
});
afterEach(async () => {
  feed.close();
  await rm(root, { recursive: true });
});

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

test('a file is delivered at once, and after each write in place and each rename over it', async () => {
  const path = join(root, 'a.yaml');
  await writeFile(path, 'one');
  feed = new Feed(path);
  expect(await feed.next()).toBe('one');
  await writeFile(path, 'two');
  await feed.until('two');
  for (const text of ['three', 'four', 'five']) {
    await replace(path, text);
    expect(await feed.next()).toBe(text);
  }
  await writeFile(path, 'six');
  await feed.until('six');
});

test('an editor that keeps a backup by renaming the old file is followed', async () => {
  const path = join(root, 'a.yaml');
  await writeFile(path, 'one');
  feed = new Feed(path);
  expect(await feed.next()).toBe('one');
  await rename(path, `${path}~`);
  await writeFile(path, 'two');
  await feed.until('two');
  await writeFile(path, 'three');
  await feed.until('three');
});

/** What the kubelet does for a new version of a ConfigMap: a new folder, a new link, renamed over the old one. */
async function publish(volume: string, version: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(volume, `..${version}`));
  for (const [name, text] of Object.entries(files)) await writeFile(join(volume, `..${version}`, name), text);
  await symlink(`..${version}`, join(volume, '..data_tmp'));
  await rename(join(volume, '..data_tmp'), join(volume, '..data'));
}

test.each([
  ['the folder', ''],
  ['one key', 'policy.yaml'],
])('a mounted ConfigMap is followed through each swap of its link: %s', async (_, key) => {
  const volume = join(root, 'volume');
  await mkdir(volume);
  await publish(volume, '1', { 'policy.yaml': 'one' });
  await symlink('..data/policy.yaml', join(volume, 'policy.yaml'));
  feed = new Feed(join(volume, key));
  expect(await feed.next()).toBe('one');
  for (const version of ['2', '3', '4']) {
    await publish(volume, version, { 'policy.yaml': `version ${version}` });
    expect(await feed.next()).toBe(`version ${version}`);
    await rm(join(volume, `..${Number(version) - 1}`), { recursive: true });
  }
  await writeFile(join(volume, '..4/policy.yaml'), 'by hand');
  await feed.until('by hand');
});

test('files that come to a folder, change in it and leave it are noticed', async () => {
  await writeFile(join(root, 'a.yaml'), 'a');
  feed = new Feed(root);
  expect(await feed.next()).toBe('a');
  await replace(join(root, 'b.yaml'), 'b');
  expect(await feed.next()).toBe('a|b');
  await replace(join(root, 'b.yaml'), 'B');
  expect(await feed.next()).toBe('a|B');
  await rm(join(root, 'a.yaml'));
  expect(await feed.next()).toBe('B');
});

test('a link to a folder that is turned elsewhere is followed', async () => {
  for (const name of ['one', 'two']) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'a.yaml'), name);
  }
  await symlink('one', join(root, 'current'));
  feed = new Feed(join(root, 'current/a.yaml'));
  expect(await feed.next()).toBe('one');
  await symlink('two', join(root, 'new'));
  await rename(join(root, 'new'), join(root, 'current'));
  expect(await feed.next()).toBe('two');
  await writeFile(join(root, 'two/a.yaml'), 'two, edited');
  await feed.until('two, edited');
});

test('a path that is missing is an error until it comes, also when its folder is missing', async () => {
  const path = join(root, 'b/c/a.yaml');
  feed = new Feed(path);
  expect(await feed.next()).toBe('error ROOT/b/c/a.yaml: does not exist');
  await mkdir(join(root, 'b/c'), { recursive: true });
  await replace(path, 'one');
  expect(await feed.next()).toBe('one');
});

test('a folder that is removed and made anew is followed', async () => {
  const path = join(root, 'b/a.yaml');
  await mkdir(join(root, 'b'));
  await writeFile(path, 'one');
  feed = new Feed(path);
  expect(await feed.next()).toBe('one');
  await rm(join(root, 'b'), { recursive: true });
  expect(await feed.next()).toMatch(/^error /);
  await mkdir(join(root, 'b'));
  await replace(path, 'two');
  expect(await feed.next()).toBe('two');
  await writeFile(path, 'three');
  await feed.until('three');
});

test('an empty file is an error, and the same content after it is delivered again', async () => {
  const path = join(root, 'a.yaml');
  await writeFile(path, 'one');
  feed = new Feed(path);
  expect(await feed.next()).toBe('one');
  await replace(path, '');
  expect(await feed.next()).toContain('is empty');
  await replace(path, 'one');
  expect(await feed.next()).toBe('one');
});

test('a write that changes nothing is not delivered', async () => {
  const path = join(root, 'a.yaml');
  await writeFile(path, 'one');
  feed = new Feed(path);
  expect(await feed.next()).toBe('one');
  await replace(path, 'one');
  await replace(join(root, 'other.yaml'), 'x');
  await replace(path, 'two');
  expect(await feed.next()).toBe('two');
  expect(feed.said).toEqual(['one', 'two']);
});

test('after close nothing is said', async () => {
  const path = join(root, 'a.yaml');
  await writeFile(path, 'one');
  feed = new Feed(path);
  feed.close();
  const other = new Feed(path);
  expect(await other.next()).toBe('one');
  await replace(path, 'two');
  expect(await other.next()).toBe('two');
  other.close();
  expect(feed.said).toEqual([]);
});
