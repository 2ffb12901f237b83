import { fileURLToPath } from 'node:url';
import { isInstalled } from '../processes.ts';
import { envoy, envoyMissing } from './envoy.ts';
import { goProxy } from './go-proxy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { Peer } from './peer.ts';
import { sidecar } from './sidecar.ts';

const here = (): null => null;

function unlessInstalled(program: string, install: string): () => string | null {
  return () => (isInstalled(program) ? null : `${program} is not installed: ${install}`);
}

function onNode(program: string): Peer['command'] {
  const file = fileURLToPath(new URL(program, import.meta.url));
  return ({ port, upstreamPort }) => [process.execPath, file, String(port), String(upstreamPort)];
}

/** Every proxy, in the order in which they take their turns. */
export const peers: readonly Peer[] = [
  { name: 'sidecar', title: 'sidecar, every stage on', missing: here, command: sidecar({}) },
  { name: 'sidecar-10', title: 'sidecar, 10 % sampled', missing: here, command: sidecar({ sampleRatio: 0.1 }) },
  { name: 'sidecar-100', title: 'sidecar, 100 % sampled', missing: here, command: sidecar({ sampleRatio: 1 }) },
  { name: 'sidecar-unix', title: 'sidecar, Unix socket', missing: here, command: sidecar({ overUnixSocket: true }) },
  { name: 'splice', title: 'bare TCP splice on node:net', missing: here, command: onNode('splice.ts') },
  { name: 'http-undici', title: 'node:http + undici', missing: here, command: onNode('http-undici.ts') },
  {
    name: 'http-undici-dispatch',
    title: 'node:http + undici dispatch',
    missing: here,
    command: onNode('http-undici-dispatch.ts'),
  },
  { name: 'reply-from', title: '@fastify/reply-from', missing: here, command: onNode('reply-from.ts') },
  {
    name: 'go',
    title: 'Go httputil.ReverseProxy',
    missing: unlessInstalled('go', 'apt-get install -y golang-go'),
    command: goProxy,
  },
  {
    name: 'nginx',
    title: 'nginx, one worker',
    missing: unlessInstalled('nginx', 'apt-get install -y nginx'),
    command: nginx,
  },
  {
    name: 'haproxy',
    title: 'HAProxy, one thread',
    missing: unlessInstalled('haproxy', 'apt-get install -y haproxy'),
    command: haproxy,
  },
  { name: 'envoy', title: 'Envoy, one worker', missing: envoyMissing, command: envoy },
];

/** The proxies of these names, in the order of the list. @throws naming what it does not know. */
export function peersNamed(names: readonly string[]): Peer[] {
  const unknown = names.filter((name) => !peers.some((peer) => peer.name === name));
  if (unknown.length > 0)
    throw new Error(`no proxy ${unknown.join(', ')}; there are ${peers.map(({ name }) => name).join(', ')}`);
  return peers.filter(({ name }) => names.includes(name));
}
