import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The way from one sidecar to whichever operator there is, as a Service would choose it; it can be cut, and can swallow all bytes. */
export class Path {
  #state: 'open' | 'cut' | 'hung' = 'open';
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server = createServer((client) => this.#join(client));
  readonly #target: () => number | null;

  private constructor(target: () => number | null) {
    this.#target = target;
  }

  /** `target`: the port for the next connection; null: there is nobody. */
  static async start(target: () => number | null): Promise<Path> {
    const path = new Path(target);
    await once(path.#server.listen(0, '127.0.0.1'), 'listening');
    return path;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, and refuses new ones. */
  cut(): void {
    this.#state = 'cut';
    this.drop();
  }

  /** Passes nothing on any more, and closes nothing. */
  hang(): void {
    this.#state = 'hung';
  }

  /** Passes everything on again. What was swallowed is lost, so connections that were hung end. */
  open(): void {
    if (this.#state === 'hung') this.drop();
    this.#state = 'open';
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Ends all connections. */
  drop(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #join(client: Socket): void {
    client.on('error', () => {});
    const port = this.#state === 'cut' ? null : this.#target();
    if (port === null) {
      client.destroy();
      return;
    }
    const pair = [client, connect(port, '127.0.0.1')] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [pair[1], pair[0]]] as const) {
      from.on('error', () => {});
      from.on('data', (bytes) => {
        if (this.#state === 'open') to.write(bytes);
      });
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
  }
}
