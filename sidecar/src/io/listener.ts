import { createServer } from 'node:net';
import { bind } from '@fusebox/runtime/bind.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientOptions } from './client-options.ts';
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
    if (open.size >= maxConnections && !closeLongestIdle(open)) {
      socket.destroy();
      return;
    }
    const connection = new ClientConnection(socket, options);
    open.add(connection);
    if (stopping) connection.closeWhenIdle();
  });
  return {
    port: await bind(server, { flag: 'inbound', host, port, backlog: 1024 }),
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

/** So many connections are looked at for one that can go: when that many carry requests, the new one has to. */
const MOST_LOOKS = 1_000;

/**
 * Makes room for one more: the connection goes that has carried no request for longest. False when all that were looked at carry one.
 * Who was used since the last look goes to the end of the line: so those who only hold connections go before those who use theirs,
 * and no request costs anything for that.
 */
function closeLongestIdle(open: Set<ClientConnection>): boolean {
  let looks = 0;
  for (const connection of open) {
    if (++looks > MOST_LOOKS) break;
    if (connection.isBetweenRequests && !connection.wasUsed) {
      connection.destroy();
      return true;
    }
    connection.wasUsed = false;
    open.delete(connection);
    open.add(connection);
  }
  return false;
}
