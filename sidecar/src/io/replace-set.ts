/**
 * A folder of files that change together, laid out as the kubelet lays out a mounted ConfigMap, so that whatever follows one of those
 * follows this, too:
 *
 *   DIR/..2026_01_31_12_00_00.123456789/KEY   the bytes
 *   DIR/..data                                → that folder; replaced by one rename, so all keys change at one moment
 *   DIR/KEY                                   → ..data/KEY
 *
 * What else is in DIR is somebody else's and stays.
 */
import { chmod, lstat, mkdir, open, readdir, readFile, readlink, rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { configKeyComplaint } from '@fusebox/api/config-values.ts';

/** Bytes, or text in UTF-8, by the name of the file. */
type FileSet = ReadonlyMap<string, string | Uint8Array>;

const CURRENT = '..data';
const CURRENT_NEW = '..data_tmp';
const SET_NAME = /^\.\.\d{4}(_\d\d){5}\.\d+$/;

/** Whatever the umask is: other containers, and other users, read this. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/**
 * Makes `directory` hold this set. Whoever reads by `..data` sees the set before or this one, whole; links to keys that are new
 * come after it, links to keys that have gone leave after it. Nothing is written when it is there already. `newName` is for the
 * folder of the set. Returns the keys that cannot be seen because something else is in their place. @throws Error when it
 * could not be done; what was there before stays.
 */
export async function replaceSet(directory: string, files: FileSet, newName: string): Promise<string[]> {
  const impossible = [...files.keys()].filter((key) => configKeyComplaint(key) !== null);
  const possible = new Map([...files].filter(([key]) => !impossible.includes(key)));
  const before = await currentSet(directory);
  if (before === null ? possible.size > 0 : !(await holds(join(directory, before), possible))) {
    await writeSet(directory, possible, newName);
  }
  const taken = await replaceLinks(directory, possible);
  await removeOldSets(directory);
  return [...impossible, ...taken];
}

/** Name of the folder that `..data` leads to; null: it leads to none of ours. */
async function currentSet(directory: string): Promise<string | null> {
  const target = await readlink(join(directory, CURRENT)).catch(() => null);
  return target !== null && SET_NAME.test(target) ? target : null;
}

async function holds(folder: string, files: FileSet): Promise<boolean> {
  const names = await readdir(folder).catch(() => null);
  if (names === null || names.length !== files.size) return false;
  for (const [key, content] of files) {
    const found = await readFile(join(folder, key)).catch(() => null);
    if (found === null || !found.equals(Buffer.from(content as Uint8Array))) return false;
  }
  return true;
}

async function writeSet(directory: string, files: FileSet, name: string): Promise<void> {
  const folder = join(directory, name);
  await mkdir(folder);
  try {
    await chmod(folder, FOLDER_MODE);
    for (const [key, content] of files) {
      const file = await open(join(folder, key), 'wx', FILE_MODE);
      try {
        await file.writeFile(content);
        await file.chmod(FILE_MODE);
      } finally {
        await file.close();
      }
    }
    await rm(join(directory, CURRENT_NEW), { force: true });
    await symlink(name, join(directory, CURRENT_NEW));
    await rename(join(directory, CURRENT_NEW), join(directory, CURRENT));
  } catch (error) {
    await rm(join(directory, CURRENT_NEW), { force: true }).catch(() => {});
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Returns the keys whose place is taken. */
async function replaceLinks(directory: string, files: FileSet): Promise<string[]> {
  const taken: string[] = [];
  for (const key of files.keys()) {
    const path = join(directory, key);
    if (await isOurLink(path, key)) continue;
    try {
      await symlink(join(CURRENT, key), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      taken.push(key);
    }
  }
  for (const name of await readdir(directory)) {
    if (!files.has(name) && (await isOurLink(join(directory, name), name))) await unlink(join(directory, name));
  }
  return taken;
}

const isOurLink = async (path: string, key: string): Promise<boolean> =>
  (await readlink(path).catch(() => null)) === join(CURRENT, key);

/** Also what an earlier process left. */
async function removeOldSets(directory: string): Promise<void> {
  const current = await currentSet(directory);
  for (const name of await readdir(directory)) {
    if (name === current || (name !== CURRENT_NEW && !SET_NAME.test(name))) continue;
    const found = await lstat(join(directory, name));
    const isOurs = name === CURRENT_NEW ? found.isSymbolicLink() : found.isDirectory();
    if (isOurs) await rm(join(directory, name), { recursive: true });
  }
}

/** A name for a set that is written at `wallMs` (ms since 1970); `fraction` (0..1) tells apart those of one moment. */
export function setName(wallMs: number, fraction: number): string {
  const time = new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_');
  return `..${time}.${String(Math.floor(fraction * 1e9)).padStart(9, '0')}`;
}
