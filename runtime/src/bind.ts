import type { Server } from 'node:net';

/** Where a listener opens, and which flag changes that. */
interface Where {
  flag: string;
  /** null: every address. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  /** Connections that wait for `accept` (count). Default: Node's. */
  backlog?: number;
}

/**
 * Opens the listener and gives its port. A later fault of the listening socket itself, such as no file descriptor for a
 * connection, ends nothing.
 * @throws Error when the address cannot be bound; its message says why and which flag to change.
 */
export async function bind(server: Server, { flag, host, port, ...more }: Where): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error) => reject(bindFault(error, { flag, host, port })));
    server.listen({ port, ...more, ...(host === null ? {} : { host }) }, resolve);
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

/** Why a listener could not open `host:port`, and which flag changes that. `cause` keeps the error of the system. */
function bindFault(error: Error, where: { flag: string; host: string | null; port: number }): Error {
  const address = `${where.host === null ? '' : where.host.includes(':') ? `[${where.host}]` : where.host}:${where.port}`;
  const reasons: Record<string, string> = {
    EADDRINUSE: 'it is already in use',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'ports below 1024 need a privilege',
    ENOTFOUND: 'no such host',
  };
  const reason = 'code' in error ? reasons[String(error.code)] : undefined;
  return new Error(`cannot listen on ${address}: ${reason ?? error.message}; change it with --${where.flag}`, {
    cause: error,
  });
}
