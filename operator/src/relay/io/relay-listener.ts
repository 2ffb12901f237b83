import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { Feed, RemoteRows } from '../remote-rows.ts';
import { RELAY_CALLER, type RelayCredentials } from '../relay-credentials.ts';
import { FrameSocket } from './frame-socket.ts';

export interface RelayListenerOptions {
  /** null: all addresses. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  credentials: RelayCredentials;
  rows: RemoteRows;
  leads: () => boolean;
  clock: Clock;
  timers: Timers;
  log: Logger;
}

/** Replicas that call at once (count). */
const MAX_CALLERS = 64;

const HANDSHAKE_MS = 5_000;

/** Where the other replicas bring their reports while this one leads. */
export class RelayListener {
  readonly #options: RelayListenerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<FrameSocket>();
  readonly #byReplica = new Map<string, FrameSocket>();

  private constructor(options: RelayListenerOptions) {
    this.#options = options;
    const secure = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS };
    this.#server = createServer({ ...contextOf(options.credentials), ...secure }, (socket) => this.#welcome(socket));
    this.#server.maxConnections = MAX_CALLERS;
    // Whoever cannot prove to be a replica is none of our errors.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** @throws Error when the address cannot be listened at. */
  static async start(options: RelayListenerOptions): Promise<RelayListener> {
    const listener = new RelayListener(options);
    listener.#server.listen(options.port, options.host ?? undefined);
    await once(listener.#server, 'listening');
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  renew(credentials: RelayCredentials): void {
    this.#server.setSecureContext(contextOf(credentials));
  }

  /** This replica does not lead any more: its callers had better look for another one. */
  dismiss(): void {
    for (const socket of this.#sockets) {
      socket.send([{ is: 'notLeading' }]);
      socket.end();
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.giveUp('this replica ends');
    await closed;
  }

  #welcome(tls: TLSSocket): void {
    const { rows, leads, clock, timers, log } = this.#options;
    if (tls.getPeerCertificate().subject?.CN !== RELAY_CALLER) return void tls.destroy();
    tls.setNoDelay(true);
    let feed: Feed | null = null;
    let name = '';
    const socket = new FrameSocket({
      socket: tls,
      clock,
      timers,
      onFrame: (frame) => {
        if (!leads()) {
          socket.send([{ is: 'notLeading' }]);
          socket.end();
        } else if (feed !== null) feed.take(frame);
        else if (frame.is === 'hello') {
          name = frame.replica;
          // Of two connections of one replica the older one is dead, and does not know it yet.
          this.#byReplica.get(name)?.giveUp('the replica called again');
          this.#byReplica.set(name, socket);
          feed = rows.open(name);
          socket.send([{ is: 'beat' }]);
        }
      },
      onClose: (fault) => {
        this.#sockets.delete(socket);
        if (this.#byReplica.get(name) === socket) this.#byReplica.delete(name);
        feed?.end();
        if (feed !== null) log.info('a replica is not connected any more', { replica: name, fault });
      },
    });
    this.#sockets.add(socket);
  }
}

const contextOf = ({ bundle, called }: RelayCredentials) => ({
  ca: bundle,
  cert: called.certificate,
  key: called.key,
  minVersion: 'TLSv1.3' as const,
});
