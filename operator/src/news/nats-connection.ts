import { connect, type ConnectionOptions, headers } from 'nats';
import type { BusMessage } from './cloud-events.ts';

/** One connection to a NATS server, as long as it lasts. */
export interface NatsConnection {
  publish(message: BusMessage): void;
  /** Resolves when the server has taken all that was published. */
  flush(): Promise<void>;
  /** Resolves when the connection has ended, with what ended it. */
  readonly closed: Promise<unknown>;
  close(): Promise<void>;
}

/** Within this time (ms) a connection must be there. */
const CONNECT_MS = 5_000;

/** How often the server is asked whether it is there (ms); two questions without an answer end the connection. */
const PING_MS = 10_000;

/**
 * Connects to the server at a URL, such as `nats://user:password@nats:4222` or `tls://nats:4222`. It does not reconnect: the bus does, since only it
 * knows which messages were taken. @throws Error when the server cannot be reached, or refuses.
 */
export async function openNats(url: string): Promise<NatsConnection> {
  const connection = await connect(optionsOf(url));
  return {
    publish({ subject, id, contentType, body }) {
      const fields = headers();
      fields.set('Nats-Msg-Id', id);
      fields.set('Content-Type', contentType);
      connection.publish(subject, Buffer.from(body), { headers: fields });
    },
    flush: () => connection.flush(),
    closed: connection.closed(),
    async close() {
      await connection.close();
    },
  };
}

function optionsOf(text: string): ConnectionOptions {
  const url = new URL(text);
  const { username, password, protocol, host } = url;
  return {
    servers: host,
    name: 'fusebox-operator',
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    reconnect: false,
    noEcho: true,
    ...(protocol === 'tls:' && { tls: {} }),
    ...(password !== '' && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(password === '' && username !== '' && { token: decodeURIComponent(username) }),
  };
}
