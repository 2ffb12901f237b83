import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `~/.cache/fusebox` (or below XDG_CACHE_HOME), made if it is missing: what survives the tests, and the lock files. */
export function cacheFolder(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fusebox');
  mkdirSync(folder, { recursive: true });
  return folder;
}
