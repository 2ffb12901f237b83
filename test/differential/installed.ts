import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the differential test reads requests with, beside Node itself. */
const PROGRAMS = ['haproxy', 'nginx'] as const;
export const INSTALL_COMMAND = 'apt-get install -y haproxy nginx';

/** The programs that are not there. */
export const missingPrograms = (): string[] =>
  PROGRAMS.filter((program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).error !== undefined);

/** Could `make setup` have installed them? It writes down where it could not. */
export function isInstallable(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error !== undefined)
    return false;
  try {
    return readFileSync(new URL('../../.cache/other-parsers', import.meta.url), 'utf8').trim() !== 'refused';
  } catch {
    return true;
  }
}
