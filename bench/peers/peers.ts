import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '../processes.ts';
import { haproxyConfig } from './haproxy-config.ts';

/** What a proxy is started with. */
export interface Ports {
  port: number;
  upstreamPort: number;
}

/** A proxy that is measured. */
export interface Peer {
  name: string;
  title: string;
  /** Why it cannot run here, and what helps; null when it can. */
  missing: () => string | null;
  /** Its command line, and what to clear away after it has ended. */
  command: (ports: Ports) => { command: string[]; clean?: () => void };
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const here = (): null => null;

/** Every proxy, in the order in which they take their turns. */
export const peers: readonly Peer[] = [
  { name: 'sidecar', title: 'sidecar, every stage on', missing: here, command: sidecar },
  { name: 'http-undici', title: 'node:http + undici', missing: here, command: onNode('http-undici.ts') },
  {
    name: 'http-undici-dispatch',
    title: 'node:http + undici dispatch',
    missing: here,
    command: onNode('http-undici-dispatch.ts'),
  },
  { name: 'splice', title: 'bare TCP splice on node:net', missing: here, command: onNode('splice.ts') },
  { name: 'haproxy', title: 'HAProxy, one thread', missing: haproxyMissing, command: haproxy },
];

function sidecar({ port, upstreamPort }: Ports): { command: string[] } {
  const main = file('../../sidecar/src/main.ts');
  const addresses = ['--inbound', `127.0.0.1:${port}`, '--admin', 'none', '--upstream', `127.0.0.1:${upstreamPort}`];
  const settings = ['--config', file('../policies/every-stage.yaml'), '--namespace', 'bench'];
  return { command: [process.execPath, main, ...addresses, ...settings, '--drain-delay', '0s', '--log-level', 'warn'] };
}

function onNode(program: string): Peer['command'] {
  return ({ port, upstreamPort }) => ({
    command: [process.execPath, file(program), String(port), String(upstreamPort)],
  });
}

function haproxyMissing(): string | null {
  return isInstalled('haproxy') ? null : 'haproxy is not installed: apt-get install -y haproxy';
}

function haproxy({ port, upstreamPort }: Ports): { command: string[]; clean: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-bench-'));
  const config = join(folder, 'haproxy.cfg');
  writeFileSync(config, haproxyConfig(port, upstreamPort));
  return { command: ['haproxy', '-db', '-f', config], clean: () => rmSync(folder, { recursive: true }) };
}
