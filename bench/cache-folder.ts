import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder below `~/.cache/fusebox` (or XDG_CACHE_HOME), made if it is missing: for what is built or fetched once. */
export function cacheFolder(name: string): string {
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fusebox', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
