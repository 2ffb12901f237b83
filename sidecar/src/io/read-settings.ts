import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** One file of settings. */
export interface SettingsFile {
  /** As messages show it: the path as it was given, and the file's name for one in a folder. */
  name: string;
  text: string;
}

/** What was found at one moment. `fingerprint` changes whenever something that was looked at changes. */
export type SettingsReading =
  | { kind: 'files'; files: SettingsFile[]; fingerprint: string }
  | { kind: 'fault'; fault: string; fingerprint: string }
  /** Somebody writes at this moment. */
  | { kind: 'changing' };

const maxTotalBytes = 8 * 1024 * 1024;
const maxFiles = 1_000;
const attempts = 5;

/** Is a file of this name in a folder one that we read? What begins with a dot is a volume's bookkeeping or an editor's. */
export function isSettingsName(name: string): boolean {
  return !name.startsWith('.') && /\.(ya?ml|json)$/.test(name);
}

/** A fault with the settings as they stand on disk, in words for people. */
class SettingsFault extends Error {}

function faultText(where: string, error: unknown): string {
  if (error instanceof SettingsFault) return error.message;
  const path = error instanceof Error && 'path' in error ? String(error.path) : where;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return `${path}: does not exist`;
  if (code === 'EACCES') return `${path}: may not be read by this process`;
  return `${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

/** The files to read: the path itself, or in a folder those with a name for settings that are (or lead to) regular files, sorted. */
async function listFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter(isSettingsName).sort();
  const paths = names.map((name) => join(path, name));
  const kinds = await Promise.all(paths.map((one) => stat(one)));
  const files = paths.filter((_, at) => kinds[at]?.isFile());
  if (files.length === 0) throw new SettingsFault(`${path}: holds no *.yaml, *.yml or *.json`);
  if (files.length > maxFiles) throw new SettingsFault(`${path}: holds more than ${maxFiles} files`);
  return files;
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SettingsFault(`${path}: is not UTF-8`);
  }
  // A file that is being rewritten is empty for a moment: taking that for "no settings" would lift every limit.
  if (text.trim() === '') throw new SettingsFault(`${path}: is empty; to have no settings, write only a comment`);
  return text;
}

/** What identifies the present content without reading it: names, inodes, sizes and times (ns). Never rejects. */
export async function fingerprintOf(path: string): Promise<string> {
  try {
    const itself = await stat(path);
    const names = itself.isDirectory() ? (await readdir(path)).filter(isSettingsName).sort() : [''];
    const marks = await Promise.all(names.map((name) => mark(join(path, name))));
    return names.map((name, at) => `${name}:${marks[at]}`).join('\n');
  } catch (error) {
    return `fault ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`;
  }
}

async function mark(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'none';
  }
}

async function readOnce(path: string): Promise<{ files: SettingsFile[] } | { fault: string }> {
  const files: SettingsFile[] = [];
  let at = path;
  try {
    const paths = await listFiles(path);
    let totalBytes = 0;
    for (at of paths) {
      totalBytes += (await stat(at)).size;
      if (totalBytes > maxTotalBytes) throw new SettingsFault(`${path}: is larger than ${maxTotalBytes} bytes`);
      files.push({
        name: paths.length === 1 && at === path ? path : join(basename(path), basename(at)),
        text: await readText(at),
      });
    }
    return { files };
  } catch (error) {
    return { fault: faultText(at, error) };
  }
}

/**
 * Reads the file, or all `*.yaml`, `*.yml` and `*.json` of the folder, as they stood together at one moment: when anything has
 * changed meanwhile they are read again. Never rejects.
 */
export async function readSettings(path: string): Promise<SettingsReading> {
  let before = await fingerprintOf(path);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const read = await readOnce(path);
    const fingerprint = await fingerprintOf(path);
    if (fingerprint === before)
      return { kind: 'files' in read ? 'files' : 'fault', ...read, fingerprint } as SettingsReading;
    before = fingerprint;
  }
  return { kind: 'changing' };
}
