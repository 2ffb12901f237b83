import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { bind } from './bind.ts';
import { loopbackFault } from './loopback.ts';

export interface AdminOptions {
  /** null: every address. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  ready: () => boolean;
  /** Prometheus text 0.0.4. */
  renderMetrics: () => string;
  /** Further endpoints, by path. */
  more?: Readonly<Record<string, Endpoint>>;
}

/** An answer of an endpoint. */
export interface Reply {
  status: number;
  type: string;
  body: string;
  allow?: string;
}

/** One endpoint; none reads a body. */
export interface Endpoint {
  method: 'GET' | 'POST';
  /** Public, or for callers on this machine only. */
  access: 'public' | 'loopback';
  reply: () => Reply;
}

const text = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
/** A value as JSON. */
export const json = (status: number, value: unknown): Reply => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value ?? null, null, 2)}\n`,
});
const problem = (status: number, title: string, detail: string): Reply => ({
  ...json(status, { title, status, detail }),
  type: 'application/problem+json',
});

const endpointsOf = ({ ready, renderMetrics, more = {} }: AdminOptions): Record<string, Endpoint> => ({
  '/livez': { method: 'GET', access: 'public', reply: () => text(200, 'live') },
  '/readyz': {
    method: 'GET',
    access: 'public',
    reply: () => (ready() ? text(200, 'ready') : text(503, 'not ready')),
  },
  '/metrics': {
    method: 'GET',
    access: 'public',
    reply: () => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: renderMetrics() }),
  },
  ...more,
});

function replyTo(request: IncomingMessage, endpoints: Record<string, Endpoint>): Reply {
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
  const refused = endpoint.access === 'loopback' ? loopbackFault(request) : null;
  if (refused !== null) return problem(403, 'Forbidden', `${path}: ${refused}.`);
  try {
    return endpoint.reply();
  } catch {
    return problem(500, 'Internal Server Error', `${path} could not be answered.`);
  }
}

function answer(request: IncomingMessage, response: ServerResponse, endpoints: Record<string, Endpoint>): void {
  // No endpoint reads a body; one that is sent must still be drained before the connection is used again.
  request.resume();
  const { status, type, body, allow } = replyTo(request, endpoints);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(allow === undefined ? {} : { allow }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function newServer(endpoints: Record<string, Endpoint>): Server {
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    (request, response) => answer(request, response, endpoints),
  );
  server.maxConnections = 256;
  return server;
}

/**
 * Opens the admin listener: `/livez`, `/readyz` and `/metrics` for everybody, and what the program adds. `close` ends open
 * connections at once. Rejects with a message for people when the address cannot be bound.
 */
export async function startAdmin(admin: AdminOptions): Promise<{ port: number; close(): Promise<void> }> {
  const server = newServer(endpointsOf(admin));
  const { host, port } = admin;
  return {
    port: await bind(server, { flag: 'admin', host, port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
