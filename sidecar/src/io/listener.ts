import { createServer } from 'node:net';
import { bindFault } from '@fusebox/runtime/bind-fault.ts';
import { ClientConnection, type ClientOptions } from './client-connection.ts';
import { RequestHeads } from './request-heads.ts';

export interface ListenerOptions extends Omit<ClientOptions, 'closed' | 'heads'> {
  /** null: every address. */
  readonly host: string | null;
  /** 0: any free one. */
  readonly port: number;
  /** Connections at once (count). */
  readonly maxConnections: number;
}

/** Accepts the clients' connections, and knows those that are open. */
export interface Listener {
  readonly port: number;
  /** Open connections (count). */
  connections(): number;
  /**
   * No new connections; those that are idle are closed, the others after the answer under way. Resolves when all have closed:
   * an answer that is complete for the sidecar may still be on its way to a slow client.
   */
  stop(): Promise<void>;
  /** Closes whatever is still open. */
  destroy(): void;
}

/** A turn of the event loop that takes less (ms) found nothing to do. */
const EMPTY_TURN_MS = 0.05;
/** How long to look for such a turn (ms). */
const LONGEST_LOOK_MS = 100;

/**
 * Resolves in a turn that has just asked the kernel for new connections and found none. Closing the listening socket resets
 * whoever the kernel has accepted and we have not, with a request perhaps that nobody saw; so the gap is kept as small as it can be.
 */
function nobodyAtTheDoor(nowMs: () => number): Promise<void> {
  const begunMs = nowMs();
  return new Promise((resolve) => {
    const look = (lastMs: number): void => {
      const atMs = nowMs();
      if (atMs - lastMs < EMPTY_TURN_MS || atMs - begunMs > LONGEST_LOOK_MS) resolve();
      else setImmediate(look, nowMs());
    };
    setImmediate(look, -Infinity);
  });
}

/** @throws Error when the address cannot be bound; its message says why and which flag to change. */
export async function listen({ host, port, maxConnections, ...client }: ListenerOptions): Promise<Listener> {
  const open = new Set<ClientConnection>();
  const options: ClientOptions = {
    ...client,
    heads: new RequestHeads(),
    closed: (connection) => void open.delete(connection),
  };
  let stopping = false;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    if (open.size >= maxConnections && !closeOldestIdle(open)) {
      socket.destroy();
      return;
    }
    const connection = new ClientConnection(socket, options);
    open.add(connection);
    if (stopping) connection.closeWhenIdle();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(bindFault(error, { flag: 'inbound', host, port })));
    server.listen({ port, backlog: 1024, ...(host === null ? {} : { host }) }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    connections: () => open.size,
    async stop() {
      stopping = true;
      for (const connection of open) connection.closeWhenIdle();
      await nobodyAtTheDoor(client.nowMs);
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
    destroy() {
      for (const connection of open) connection.destroy();
    },
  };
}

/** Makes room for one more: of the connections that carry no request the oldest goes. False when all carry one. */
function closeOldestIdle(open: ReadonlySet<ClientConnection>): boolean {
  for (const connection of open) {
    if (!connection.isBetweenRequests) continue;
    connection.destroy();
    return true;
  }
  return false;
}
