import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { postgresFolder } from './postgres-server.ts';

/** Debian's package, where it has another name than the program. */
const packages: Record<string, string> = { postgres: 'postgresql', nft: 'nftables', ip: 'iproute2' };

const isInstalled = (program: string): boolean =>
  program === 'postgres'
    ? postgresFolder() !== null
    : spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;

/** Why tests that need these programs cannot run, with the command that changes it; null: all of them are there. */
export function whyNotRun(programs: readonly string[]): string | null {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return null;
  return `not run: ${missing.join(' and ')} missing; apt-get install -y ${missing.map((program) => packages[program] ?? program).join(' ')}`;
}

/** Could `make setup` have installed them? It writes down where it could not. */
export function isInstallable(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error !== undefined)
    return false;
  try {
    return !readFileSync(new URL('../../.cache/test-programs', import.meta.url), 'utf8').startsWith('refused');
  } catch {
    return true;
  }
}
