import { createServer } from 'node:net';
import { bindFault } from './bind-fault.ts';
import { ClientConnection, type ClientOptions } from './client-connection.ts';

export interface ListenerOptions extends Omit<ClientOptions, 'closed'> {
  /** null: every address. */
  readonly host: string | null;
  /** 0: any free one. */
  readonly port: number;
}

/** Accepts the clients' connections, and knows those that are open. */
export interface Listener {
  readonly port: number;
  /** Open connections (count). */
  connections(): number;
  /** No new connections; those that are idle are closed, the others after the answer under way. */
  stop(): void;
  /** Closes whatever is still open. */
  destroy(): void;
}

/** @throws Error when the address cannot be bound; its message says why and which flag to change. */
export async function listen({ host, port, ...client }: ListenerOptions): Promise<Listener> {
  const open = new Set<ClientConnection>();
  const options: ClientOptions = { ...client, closed: (connection) => void open.delete(connection) };
  const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
    open.add(new ClientConnection(socket, options));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(bindFault(error, { flag: 'inbound', host, port })));
    server.listen({ port, backlog: 1024, ...(host === null ? {} : { host }) }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    connections: () => open.size,
    stop() {
      server.close();
      for (const connection of open) connection.closeWhenIdle();
    },
    destroy() {
      for (const connection of open) connection.destroy();
    },
  };
}
