import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../cache-folder.ts';
import type { Surroundings } from './peer.ts';

const source = fileURLToPath(new URL('go-proxy/', import.meta.url));

/** Go's own reverse proxy, built by the first call: seconds, or a minute where Go has built nothing before. */
export function goProxy({ port, upstreamPort }: Surroundings): string[] {
  const binary = join(cacheFolder('bench'), 'go-proxy');
  const environment = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' };
  const { status, stderr } = spawnSync('go', ['build', '-o', binary, '.'], { cwd: source, env: environment });
  if (status !== 0) throw new Error(`go build failed:\n${String(stderr)}`);
  return [binary, String(port), String(upstreamPort)];
}
