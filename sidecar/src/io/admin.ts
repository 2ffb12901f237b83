import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { bindFault } from './bind-fault.ts';
import { isLoopbackAddress, isLoopbackHost } from './loopback.ts';

export interface AdminOptions {
  /** null: every address. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  ready: () => boolean;
  /** Prometheus text 0.0.4. */
  renderMetrics: () => string;
  /** What `/snapshot` shows, as a value for JSON. */
  snapshot: () => unknown;
  /** What `/circuits` shows, as a value for JSON. */
  circuits: () => unknown;
  /** Begins to drain; may be called again. */
  drain: () => void;
}

interface Reply {
  status: number;
  type: string;
  body: string;
  allow?: string;
}

interface Endpoint {
  method: 'GET' | 'POST';
  /** Public, or for callers on this machine only. */
  access: 'public' | 'loopback';
  reply: (admin: AdminOptions) => Reply;
}

const text = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
const json = (status: number, value: unknown): Reply => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value ?? null, null, 2)}\n`,
});
const problem = (status: number, title: string, detail: string): Reply => ({
  ...json(status, { title, status, detail }),
  type: 'application/problem+json',
});

const endpoints: Record<string, Endpoint> = {
  '/livez': { method: 'GET', access: 'public', reply: () => text(200, 'live') },
  '/readyz': {
    method: 'GET',
    access: 'public',
    reply: (admin) => (admin.ready() ? text(200, 'ready') : text(503, 'not ready')),
  },
  '/metrics': {
    method: 'GET',
    access: 'public',
    reply: (admin) => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: admin.renderMetrics() }),
  },
  '/snapshot': { method: 'GET', access: 'loopback', reply: (admin) => json(200, admin.snapshot()) },
  '/circuits': { method: 'GET', access: 'loopback', reply: (admin) => json(200, admin.circuits()) },
  '/drain': {
    method: 'POST',
    access: 'loopback',
    reply: (admin) => {
      admin.drain();
      return json(202, { draining: true });
    },
  },
};

/**
 * Why this caller may not use a loopback endpoint, or null. A browser on this machine reaches loopback for any page that it shows:
 * `Origin` gives away a page that posts, and a foreign `Host` one that rebound its name (DNS rebinding).
 */
function refusal(request: IncomingMessage): string | null {
  if (!isLoopbackAddress(request.socket.remoteAddress)) return 'only callers on this machine may ask for this';
  if (request.headers.origin !== undefined) return 'requests made by web pages are refused here';
  if (!isLoopbackHost(request.headers.host)) return 'the Host of the request must be localhost or a loopback address';
  return null;
}

function replyTo(request: IncomingMessage, admin: AdminOptions): Reply {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
  if (endpoint === undefined) {
    return problem(404, 'Not Found', `There are: ${Object.keys(endpoints).join(', ')}.`);
  }
  const allowed = endpoint.method === 'GET' ? ['GET', 'HEAD'] : [endpoint.method];
  if (!allowed.includes(request.method ?? '')) {
    const allow = allowed.join(', ');
    return { ...problem(405, 'Method Not Allowed', `${path} takes ${allow}.`), allow };
  }
  const refused = endpoint.access === 'loopback' ? refusal(request) : null;
  if (refused !== null) return problem(403, 'Forbidden', `${path}: ${refused}.`);
  try {
    return endpoint.reply(admin);
  } catch {
    return problem(500, 'Internal Server Error', `${path} could not be answered.`);
  }
}

function answer(request: IncomingMessage, response: ServerResponse, admin: AdminOptions): void {
  // No endpoint reads a body; one that is sent must still be drained before the connection is used again.
  request.resume();
  const { status, type, body, allow } = replyTo(request, admin);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(allow === undefined ? {} : { allow }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function newServer(admin: AdminOptions): Server {
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    (request, response) => answer(request, response, admin),
  );
  server.maxConnections = 256;
  return server;
}

/**
 * Opens the admin listener: `/livez`, `/readyz` and `/metrics` for everybody; `/snapshot`, `/circuits` and `POST /drain` for callers on
 * this machine. `close` ends open connections at once. Rejects with a message for people when the address cannot be bound.
 */
export async function startAdmin(admin: AdminOptions): Promise<{ port: number; close(): Promise<void> }> {
  const server = newServer(admin);
  const { host, port } = admin;
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error) => reject(bindFault(error, { flag: 'admin', host, port })));
    server.listen(host === null ? { port } : { host, port }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
