import {
  connect,
  type ConnectionOptions,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
} from 'nats';
import type { Log } from '../log.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { ensureStreams } from './jetstream-streams.ts';
import { wait } from './wait.ts';

/** One connection, as long as it lasts. */
export interface JetStreamLink {
  connection: NatsConnection;
  client: JetStreamClient;
  manager: JetStreamManager;
}

export interface JetStreamConnectionOptions {
  /** `nats://user:password@host:4222`, or `tls://…`. */
  url: string;
  stream: string;
  log: Log;
  random: () => number;
  /** How long to wait before the next try. Default: up to two seconds. */
  reconnect?: Backoff;
}

const connectTimeoutMs = 5_000;
const closeTimeoutMs = 2_000;
/** Two pings without an answer end a connection to a broker that hangs (ms). */
const pingIntervalMs = 5_000;

/**
 * Keeps one connection to a JetStream broker, whose streams are there. It waits for a broker that is away for as long as
 * it takes. The client's own reconnecting is off: it would keep what is published meanwhile in memory, and the outbox
 * keeps it better.
 */
export class JetStreamConnection {
  /** Null while there is none. */
  current: JetStreamLink | null = null;
  readonly #options: JetStreamConnectionOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #running: Promise<void>;

  constructor(options: JetStreamConnectionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The connection, as soon as there is one; null when the signal aborts, or all is closed, before that. */
  async whenUp(signal: AbortSignal): Promise<JetStreamLink | null> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    while (this.current === null && !ended.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#waiting.delete(done);
          ended.removeEventListener('abort', done);
          resolve();
        };
        this.#waiting.add(done);
        ended.addEventListener('abort', done);
      });
    }
    return ended.aborted ? null : this.current;
  }

  /** Ends this connection and opens another, with the streams made anew: for when the broker has lost them. */
  async renew(link: JetStreamLink): Promise<void> {
    if (this.current === link) await link.connection.close();
  }

  /** Sends what is on its way, and ends. */
  async close(): Promise<void> {
    this.#closing.abort();
    const { connection } = this.current ?? {};
    // A broker that hangs would have it wait for its answer.
    const sent = new AbortController();
    const sending = connection?.drain().catch(() => {});
    if (sending !== undefined) {
      await Promise.race([sending, wait(closeTimeoutMs, sent.signal)]);
      sent.abort();
      await connection?.close();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, random, reconnect = { firstMs: 100, maxMs: 2_000 } } = this.#options;
    const { signal } = this.#closing;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const link = await this.#open();
        failures = 0;
        this.#up(link);
        await (signal.aborted ? link.connection.close() : link.connection.closed());
        if (!signal.aborted) log.warn('the connection to NATS ended');
      } catch (error) {
        if (failures === 1) log.warn('NATS cannot be used, trying on', { error });
      }
      this.current = null;
      await wait(backoffMs(reconnect, Math.max(1, failures), random), signal);
    }
  }

  async #open(): Promise<JetStreamLink> {
    const connection = await connect(optionsOf(this.#options.url));
    try {
      const manager = await connection.jetstreamManager();
      await ensureStreams(manager, this.#options.stream);
      return { connection, client: connection.jetstream(), manager };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  #up(link: JetStreamLink): void {
    this.#options.log.info('connected to NATS', { server: link.connection.getServer() });
    this.current = link;
    for (const resume of [...this.#waiting]) resume();
  }
}

/** The client takes no credentials from a URL. */
function optionsOf(text: string): ConnectionOptions {
  const { username, password, protocol, host } = new URL(text);
  return {
    servers: host,
    name: 'sample-service',
    timeout: connectTimeoutMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    reconnect: false,
    ...(protocol === 'tls:' && { tls: {} }),
    ...(password !== '' && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(password === '' && username !== '' && { token: decodeURIComponent(username) }),
  };
}
