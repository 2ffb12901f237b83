import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Surroundings } from './peer.ts';

/** HAProxy as a plain reverse proxy: one thread, upstream connections shared, nothing logged. */
export function haproxy({ port, upstreamPort, folder }: Surroundings): string[] {
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, config(port, upstreamPort));
  return ['haproxy', '-db', '-f', file];
}

const config = (port: number, upstreamPort: number): string => `global
  nbthread 1
  maxconn 8192

defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout http-keep-alive 60s
  timeout tunnel 60s
  option http-keep-alive
  http-reuse always

frontend inbound
  bind 127.0.0.1:${port}
  default_backend upstream

backend upstream
  server service 127.0.0.1:${upstreamPort}
`;
