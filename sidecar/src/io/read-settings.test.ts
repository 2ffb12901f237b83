import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintOf, readSettings } from './read-settings.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'settings-'));
});
afterEach(() => rm(root, { recursive: true }));

test('a file is read whatever its name, under the name that was given', async () => {
  const path = join(root, 'settings');
  await writeFile(path, '\uFEFFa: é');
  expect(await readSettings(path)).toMatchObject({ kind: 'files', files: [{ name: path, text: 'a: é' }] });
});

test('of a folder the files for settings are read, sorted', async () => {
  for (const name of ['b.yaml', 'a.yml', 'c.json', '.b.yaml.swp', '.hidden.yaml', 'notes.md', 'b.yaml~']) {
    await writeFile(join(root, name), name);
  }
  await mkdir(join(root, 'folder.yaml'));
  await symlink('b.yaml', join(root, 'd.yaml'));
  const reading = await readSettings(root);
  const at = (name: string): string => join(basename(root), name);
  expect(reading).toMatchObject({
    files: [
      { name: at('a.yml'), text: 'a.yml' },
      { name: at('b.yaml'), text: 'b.yaml' },
      { name: at('c.json'), text: 'c.json' },
      { name: at('d.yaml'), text: 'b.yaml' },
    ],
  });
});

const faultOf = async (path: string): Promise<string | null> => {
  const reading = await readSettings(path);
  return reading.kind === 'fault' ? reading.fault.replaceAll(root, 'ROOT') : null;
};

test('what cannot be read is told in words', async () => {
  await writeFile(join(root, 'empty.yaml'), ' \n');
  await writeFile(join(root, 'latin1.yaml'), Buffer.from([0x61, 0xe9]));
  await mkdir(join(root, 'none'));
  await mkdir(join(root, 'dangling'));
  await symlink('nowhere', join(root, 'dangling/a.yaml'));
  expect(await faultOf(join(root, 'absent'))).toBe('ROOT/absent: does not exist');
  expect(await faultOf(join(root, 'empty.yaml'))).toBe(
    'ROOT/empty.yaml: is empty; to have no settings, write only a comment',
  );
  expect(await faultOf(join(root, 'latin1.yaml'))).toBe('ROOT/latin1.yaml: is not UTF-8');
  expect(await faultOf(join(root, 'none'))).toBe('ROOT/none: holds no *.yaml, *.yml or *.json');
  expect(await faultOf(join(root, 'dangling'))).toBe('ROOT/dangling/a.yaml: does not exist');
});

test('a file that is too large is refused before it is read', async () => {
  await writeFile(join(root, 'large.yaml'), Buffer.alloc(8 * 1024 * 1024 + 1, 0x61));
  expect(await faultOf(join(root, 'large.yaml'))).toContain('is larger than');
});

test('the fingerprint changes with content, with a file more, and with a file less', async () => {
  const path = join(root, 'a.yaml');
  const prints = [await fingerprintOf(root)];
  await writeFile(path, '1');
  prints.push(await fingerprintOf(root));
  await writeFile(path, '22');
  prints.push(await fingerprintOf(root));
  await rm(path);
  await writeFile(join(root, 'ignored.txt'), '');
  expect(new Set(prints).size).toBe(3);
  expect(await fingerprintOf(root)).toBe(prints[0]);
  expect(await fingerprintOf(path)).toMatch(/^fault ENOENT/);
});
