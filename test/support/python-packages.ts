import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../cluster/build/cache-folder.ts';

const REQUIREMENTS = fileURLToPath(new URL('../python/requirements.txt', import.meta.url));

const STEP_MS = 140_000;

/** A Python that has the packages of test/python/requirements.txt, made on first use and kept; or why there is none. */
export async function pythonWithPackages(): Promise<{ python: string } | { why: string }> {
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
    const fault = await promisify(execFile)(command, args, { timeout: STEP_MS }).then(
      () => null,
      ({ message, stderr = '' }: Error & { stderr?: string }) => stderr.trim().split('\n').at(-1) || message,
    );
    if (fault !== null)
      return { why: `not run: ${command} ${args.slice(0, 3).join(' ')} failed (${fault}); ${remedy}` };
  }
  writeFileSync(done, '');
  return { python };
}
