import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why kind cannot make a cluster here; null: it can. */
export function whyNoKind(): string | null {
  const works = (command: string, args: string[]): boolean =>
    spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
  if (!works('kind', ['version'])) return 'kind is not on PATH';
  return works('docker', ['info']) ? null : 'no Docker engine answers';
}

/** Runs a command beside a cluster of kind that has these images, and removes it; the status is the command's. */
export function withKind(archives: readonly string[], [command, ...args]: readonly string[]): number {
  const name = `fusebox-e2e-${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-e2e-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const kind = (...words: string[]): void => {
    execFileSync('kind', [...words, '--name', name], { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  process.on('SIGINT', () => {}); // the command hears it too; the cluster goes after it
  try {
    kind('create', 'cluster', '--kubeconfig', kubeconfig, '--wait', '180s');
    for (const archive of archives) kind('load', 'image-archive', archive);
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    return spawnSync(command!, args, { stdio: 'inherit', env }).status ?? 1;
  } finally {
    kind('delete', 'cluster', '--kubeconfig', kubeconfig);
    rmSync(folder, { recursive: true, force: true });
  }
}
