import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { CertificateSource, CertificatesInForce } from '../pki/certificate-source.ts';

export interface ListenTlsOptions {
  /** null: all addresses. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  certificates: CertificateSource;
  /** At once (count). */
  maxConnections: number;
}

/** How long a client may take (ms) for a handshake, for a head, and for a whole request. */
const HANDSHAKE_MS = 10_000;
const HEAD_MS = 10_000;
const REQUEST_MS = 15_000;

/**
 * How long a connection without a request stays open (ms): longer than a sidecar's reports are apart. After an edit all sidecars report at
 * once, and a handshake costs more than everything else about a report.
 */
const IDLE_MS = 45_000;

/** How often that is looked at (ms). */
const LOOK_MS = 5_000;

/** Serves HTTPS, and goes over to renewed certificates without a break. @throws Error when the address cannot be listened at. */
export async function listenTls(
  { host, port, certificates, maxConnections }: ListenTlsOptions,
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer(
    {
      ...contextOf(certificates.current),
      handshakeTimeout: HANDSHAKE_MS,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: LOOK_MS,
    },
    (request, response) => void handler(request, response),
  );
  server.maxConnections = maxConnections;
  // Connections that are open keep what they began with.
  const forget = certificates.onChange((now) => server.setSecureContext(contextOf(now)));
  server.on('close', forget);
  // Scanners and probes that speak no TLS are none of our errors.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(port, host ?? undefined);
  await once(server, 'listening');
  return server;
}

const contextOf = ({ serving }: CertificatesInForce) => ({
  cert: serving.certificate,
  key: serving.key,
  minVersion: 'TLSv1.3' as const,
});
