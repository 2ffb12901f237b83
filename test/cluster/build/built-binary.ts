import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { startKeeper } from '../keep.ts';
import { lock } from '../lock.ts';
import type { Log } from '../log.ts';
import { binaryNamePrefix, kubernetesVersion, MODULE_FOLDER } from './binary-name.ts';
import { cacheFolder } from './cache-folder.ts';
import { findGo, type Go } from './go.ts';
import { startProgress } from './progress.ts';
import { runGo } from './run-go.ts';

/** What a build takes while it runs: 3 GB of compiled packages, 0.6 GB of modules, the binary. */
const NEEDED_BYTES = 4.5e9;
/** Below this, the compilers collect garbage sooner: slower, but they fit. */
const AMPLE_MEMORY_BYTES = 6e9;

/**
 * The control plane in one binary: the cached one, or a new one, which takes minutes. Null when there is neither a cached one nor Go.
 * @throws Error with the end of the output when the build fails.
 */
export async function builtBinary(log: Log): Promise<string | null> {
  const go = findGo(MODULE_FOLDER);
  if (go === null) return cachedBinary();
  const folder = cacheFolder();
  const path = join(folder, `${binaryNamePrefix()}${go.version}`);
  if (existsSync(path)) return path;
  using _held = await lock(join(folder, 'build.lock'), () => log('another build is under way; waiting for it'));
  if (!existsSync(path)) await build({ go, path, folder: join(folder, 'build'), log });
  return path;
}

/** Whether `builtBinary` needs to build nothing. */
export function isBuilt(): boolean {
  const go = findGo(MODULE_FOLDER);
  return go === null ? cachedBinary() !== null : existsSync(join(cacheFolder(), `${binaryNamePrefix()}${go.version}`));
}

/** A binary of the same sources by whatever Go: a cache that came from elsewhere serves without one. */
function cachedBinary(): string | null {
  const folder = cacheFolder();
  const name = readdirSync(folder).find((file) => file.startsWith(binaryNamePrefix()));
  return name === undefined ? null : join(folder, name);
}

interface Build {
  go: Go;
  /** Where the binary goes. */
  path: string;
  /** Holds the modules and the compiled packages. A build that was cut off goes on from there. */
  folder: string;
  log: Log;
}

async function build({ go, path, folder, log }: Build): Promise<void> {
  mkdirSync(folder, { recursive: true });
  requireSpace(folder);
  const env = {
    ...process.env,
    GOMODCACHE: join(folder, 'modules'),
    GOCACHE: join(folder, 'packages'),
    GOTMPDIR: folder,
    // Else only root could remove the modules.
    GOFLAGS: '-modcacherw -buildvcs=false',
    GOWORK: 'off',
    CGO_ENABLED: '0',
    GOGC: totalmem() > AMPLE_MEMORY_BYTES ? '800' : '100',
  };
  const keeper = startKeeper();
  const progress = startProgress(log);
  const run = (args: readonly string[], onLine: (line: string) => void) => runGo({ go, args, env, keeper, onLine });
  try {
    let modules = 0;
    progress.stage(
      () => `Kubernetes ${kubernetesVersion()} by ${go.version}, once: fetching modules, ${modules} so far`,
    );
    await run(['mod', 'download', '-x'], (line) => (modules += /\.zip: 200/.test(line) ? 1 : 0));

    let packages = 0;
    await run(['list', '-deps', '.'], () => packages++);
    let compiled = 0;
    progress.stage(() => `compiling, ${compiled} of ${packages} packages`);
    await run(buildArguments(join(folder, 'testcluster')), (line) => (compiled += /^[\w./-]+$/.test(line) ? 1 : 0));

    renameSync(join(folder, 'testcluster'), path);
    rmSync(folder, { recursive: true, force: true });
    log(`built ${path} (${Math.round(statSync(path).size / 1e6)} MB) in ${progress.elapsed()}`);
  } finally {
    progress.stop();
    await keeper.close();
  }
}

function buildArguments(output: string): string[] {
  const version = kubernetesVersion();
  const [major, minor] = version.slice(1).split('.');
  const said = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const stamps = Object.entries(said).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['build', '-v', '-trimpath', '-ldflags', `-s -w ${stamps.join(' ')}`, '-o', output, '.'];
}

function requireSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= NEEDED_BYTES) return;
  const free = (bavail * bsize) / 1e9;
  throw new Error(`the build needs ${NEEDED_BYTES / 1e9} GB for a while, and ${folder} has ${free.toFixed(1)} GB free`);
}
