import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** A TCP proxy on loopback that can stop passing bytes on, without closing anything: as a path does that has lost its state. */
export class SwallowingProxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#join(client));
  readonly #sockets = new Set<Socket>();
  readonly #target: { host: string; port: number };
  /** Connections that were open at that time get nothing any more; new ones do. */
  #swallowed = new Set<Socket>();

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  static async start(target: { host: string; port: number }): Promise<SwallowingProxy> {
    const proxy = new SwallowingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Swallows every byte, both ways, of the connections that are open now. */
  swallow(): void {
    this.#swallowed = new Set(this.#sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => {
        if (!this.#swallowed.has(from)) to.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        // The other side must not hear of it either.
        if (!this.#swallowed.has(from)) to.destroy();
      });
    }
  }
}
