import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the official archive puts Go; its installer leaves PATH to the user. */
const USUAL_PLACE = '/usr/local/go/bin';

/** The oldest Go that fetches a newer one by itself when a module asks for it. */
const OLDEST_MINOR = 21;

/** The go command, and the release that it uses for a module. */
export interface Go {
  path: string;
  /** Such as `go1.26.8`. */
  version: string;
}

/** The go command on PATH, or in its usual place; null when there is none, or none that could build this module. */
export function findGo(moduleFolder: string): Go | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), USUAL_PLACE];
  const path = folders.map((folder) => join(folder, 'go')).find((file) => existsSync(file));
  if (path === undefined) return null;
  try {
    const version = execFileSync(path, ['env', 'GOVERSION'], { cwd: moduleFolder, encoding: 'utf8' }).trim();
    const minor = /^go1\.(\d+)/.exec(version)?.[1];
    return minor !== undefined && Number(minor) >= OLDEST_MINOR ? { path, version } : null;
  } catch {
    return null;
  }
}

/** The command that installs Go on this machine. */
export function howToInstallGo(): string {
  if (process.platform === 'darwin') return 'brew install go';
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  return `curl -fsSL https://go.dev/dl/go1.26.8.linux-${arch}.tar.gz | sudo tar -xz -C /usr/local`;
}
