import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../cluster/build/cache-folder.ts';

const REQUIREMENTS = fileURLToPath(new URL('../python/requirements.txt', import.meta.url));

/** A Python that has the packages of test/python/requirements.txt, made on first use and kept; or why there is none. */
export function pythonWithPackages(): { python: string } | { why: string } {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(), `python-ofrep-${digest}`);
  const python = join(folder, 'bin/python');
  const done = join(folder, 'complete');
  if (existsSync(done)) return { python };
  rmSync(folder, { recursive: true, force: true });
  const steps: [command: string, args: string[], remedy: string][] = [
    ['python3', ['-m', 'venv', folder], 'apt-get install -y python3-venv'],
    [python, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS], `pip install -r ${REQUIREMENTS}`],
  ];
  for (const [command, args, remedy] of steps) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 240_000 });
    if (status === 0) continue;
    const said = error?.message ?? stderr.trim().split('\n').at(-1);
    return { why: `not run: ${command} ${args.slice(0, 3).join(' ')} failed (${said}); ${remedy}` };
  }
  writeFileSync(done, '');
  return { python };
}
