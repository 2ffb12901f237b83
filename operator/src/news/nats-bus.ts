/** Messages over NATS. While no server is there they wait, the newest of them; nothing else ever waits for NATS. */
import type { Random, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import { backoffMs, type Backoff } from '../queue/backoff.ts';
import type { BusMessage } from './cloud-events.ts';
import type { NatsConnection } from './nats-connection.ts';

export interface NatsBusOptions {
  /** Opens a connection to a server. */
  connect: () => Promise<NatsConnection>;
  timers: Timers;
  random: Random;
  log: Logger;
  /** Messages that wait at most (count). Default 1000. */
  capacity?: number;
}

/** Messages that are confirmed together (count), and how long that may take (ms). */
const BATCH = 100;
const CONFIRM_MS = 5_000;

const BACKOFF: Backoff = { baseMs: 200, maxMs: 10_000 };

/** What is counted. */
export interface BusCounts {
  sent: number;
  /** Given up for newer ones. */
  dropped: number;
  waiting: number;
  connected: boolean;
}

export class NatsBus {
  readonly #options: NatsBusOptions;
  readonly #capacity: number;
  #waiting: BusMessage[] = [];
  #connection: NatsConnection | null = null;
  #sending = false;
  #sent = 0;
  #dropped = 0;
  #failures = 0;
  #stopped = false;
  #cancel: () => void = () => {};

  constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? 1_000;
  }

  get counts(): BusCounts {
    const connected = this.#connection !== null;
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#waiting.length, connected };
  }

  start(): void {
    void this.#connect();
  }

  /** Sends it when that is possible. Never waits, never fails. */
  tell(message: BusMessage): void {
    if (this.#stopped) return;
    this.#waiting.push(message);
    if (this.#waiting.length > this.#capacity) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    void this.#send();
  }

  /** Sends nothing any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  async #connect(): Promise<void> {
    const { connect, log } = this.#options;
    let connection: NatsConnection;
    try {
      connection = await connect();
    } catch (error) {
      if (this.#failures === 0) log.warn('NATS cannot be reached; messages wait', { error });
      return this.#connectLater();
    }
    if (this.#stopped) return connection.close();
    this.#connection = connection;
    log.info('NATS is connected', { waiting: this.#waiting.length });
    void this.#send();
    const error = await connection.closed;
    if (this.#connection === connection) this.#connection = null;
    if (this.#stopped) return;
    log.warn('NATS is not connected any more; messages wait', { error });
    this.#connectLater();
  }

  #connectLater(): void {
    if (this.#stopped) return;
    this.#failures += 1;
    const delayMs = backoffMs(BACKOFF, this.#failures, this.#options.random);
    this.#cancel = this.#options.timers.after(delayMs, () => void this.#connect());
  }

  /** A message leaves the queue when the server has confirmed it: until then the connection may prove to be dead. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    await Promise.resolve(); // messages that come together travel together
    for (
      let connection = this.#connection;
      connection !== null && this.#waiting.length > 0;
      connection = this.#connection
    ) {
      const batch = this.#waiting.slice(0, BATCH);
      try {
        for (const message of batch) connection.publish(message);
        await this.#confirmed(connection);
        this.#failures = 0;
        const sent = new Set(batch);
        this.#waiting = this.#waiting.filter((message) => !sent.has(message));
        this.#sent += batch.length;
      } catch (error) {
        this.#options.log.debug('NATS did not confirm', { error });
        if (this.#connection === connection) this.#connection = null;
        await connection.close();
      }
    }
    this.#sending = false;
  }

  #confirmed(connection: NatsConnection): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.timers.after(CONFIRM_MS, () =>
        reject(new Error(`no answer within ${CONFIRM_MS} ms`)),
      );
      connection.flush().then(resolve, reject).finally(cancel);
    });
  }
}
