import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST_ADDRESS_VARIABLE } from './host-address.ts';

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
    const env = { ...process.env, KUBECONFIG: kubeconfig, [HOST_ADDRESS_VARIABLE]: gatewayOfKind() };
    return spawnSync(command!, args, { stdio: 'inherit', env }).status ?? 1;
  } finally {
    kind('delete', 'cluster', '--kubeconfig', kubeconfig);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** This machine's address on the network of kind's nodes; its pods reach what listens there. */
function gatewayOfKind(): string {
  const gateways = '{{range .IPAM.Config}}{{.Gateway}} {{end}}';
  const found = execFileSync('docker', ['network', 'inspect', 'kind', '--format', gateways], { encoding: 'utf8' });
  const address = found.split(/\s+/).find((one) => isIPv4(one));
  if (address === undefined) throw new Error(`the network of kind has no IPv4 gateway: ${found}`);
  return address;
}
