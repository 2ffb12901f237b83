import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readBody, readHead, type Head, type Message } from './message.ts';
import { Peer, PeerEnded } from './peer.ts';

/** What the service does with a request whose head has come. Whatever it does not read stays in `connection`. */
type Script = (connection: Peer, head: Head) => void | Promise<void>;

export interface ScriptedService {
  readonly port: number;
  /** Every connection since the start. */
  readonly connections: readonly Peer[];
  /** The connection over which the newest head came. */
  latest(): Peer;
  /** Heads in the order in which they came. */
  readonly heads: readonly Head[];
  /** From now on requests for this path (without its query) are treated like this. */
  on(path: string, script: Script): void;
  /** Heads for this path. */
  seen(path: string): Head[];
  close(): Promise<void>;
}

/** An answer with a length. */
export const answer = (status: string, body: string, ...lines: string[]): string =>
  [`HTTP/1.1 ${status}`, ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');

/** The rest of a request whose head has come. */
export const wholeRequest = async (connection: Peer, head: Head): Promise<Message> => ({
  ...head,
  ...(await readBody(connection, head)),
});

const pathOf = ({ start }: Head): string => start.split(' ')[1]!.split('?')[0]!;

/** Reads the request, and answers 200 with its body. */
const echo: Script = async (connection, head) => {
  const { body } = await wholeRequest(connection, head);
  connection.send(answer('200 OK', body));
};

/** A service on raw sockets, whose answers are the bytes that the test says; by itself it is an echo. `port` 0: any free one. */
export async function startService(port = 0): Promise<ScriptedService> {
  const connections: Peer[] = [];
  const heads: Head[] = [];
  let latest: Peer | null = null;
  const scripts = new Map<string, Script>();

  async function serve(connection: Peer): Promise<void> {
    try {
      for (;;) {
        const head = await readHead(connection);
        heads.push(head);
        latest = connection;
        await (scripts.get(pathOf(head)) ?? echo)(connection, head);
      }
    } catch (error) {
      if (!(error instanceof PeerEnded)) connection.socket.destroy();
    }
  }

  const server = createServer((socket) => {
    const connection = new Peer(socket, Infinity);
    connections.push(connection);
    void serve(connection);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    heads,
    latest: () => latest!,
    on: (path, script) => void scripts.set(path, script),
    seen: (path) => heads.filter((head) => pathOf(head) === path),
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { socket } of connections) socket.destroy();
      return closed;
    },
  };
}
