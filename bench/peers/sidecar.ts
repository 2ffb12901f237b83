import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';

/** As images hold it; `make bench` bundles it first. */
export const program = fileURLToPath(new URL('../../dist/fusebox-sidecar/fusebox-sidecar.mjs', import.meta.url));
const policy = fileURLToPath(new URL('../policies/every-stage.yaml', import.meta.url));
const unsampled = 'sampleRatio: 0';

interface Variant {
  /** The share of traces that are recorded and exported (0..1); absent: none, and no collector is set. */
  sampleRatio?: number;
  overUnixSocket?: boolean;
}

/** The command line of a sidecar with every stage on. Arguments of Node itself go before the program. */
export function sidecar(
  { sampleRatio, overUnixSocket = false }: Variant,
  nodeArguments: string[] = [],
): Peer['command'] {
  return ({ port, upstreamPort, upstreamSocket, collector, folder }) => {
    const upstream = overUnixSocket ? `unix:${upstreamSocket}` : `127.0.0.1:${upstreamPort}`;
    const addresses = ['--inbound', `127.0.0.1:${port}`, '--admin', 'none', '--local', 'none', '--upstream', upstream];
    const sampled = sampleRatio === undefined ? [] : ['--otlp-endpoint', collector];
    const settings = ['--config', settingsFile(folder, sampleRatio), '--namespace', 'bench', ...sampled];
    const quiet = ['--drain-delay', '0s', '--log-level', 'warn'];
    return [process.execPath, ...nodeArguments, program, ...addresses, ...settings, ...quiet];
  };
}

function settingsFile(folder: string, sampleRatio: number | undefined): string {
  if (sampleRatio === undefined) return policy;
  const text = readFileSync(policy, 'utf8');
  if (!text.includes(unsampled)) throw new Error(`${policy} does not say ${unsampled}`);
  const file = join(folder, 'settings.yaml');
  writeFileSync(file, text.replace(unsampled, `sampleRatio: ${sampleRatio}`));
  return file;
}
