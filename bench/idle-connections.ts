import { connect, type Socket } from 'node:net';

const atOnce = 50;

/** Connections that have carried one request each and are kept open. */
export class IdleConnections {
  readonly #port: number;
  readonly #request: string;
  readonly #sockets: Socket[] = [];
  #lost = 0;

  constructor(port: number, path: string) {
    this.#port = port;
    this.#request = `GET ${path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n\r\n`;
  }

  /** Opens further ones. @throws when one fails, or was closed meanwhile. */
  async open(count: number): Promise<void> {
    for (let opened = 0; opened < count; opened += atOnce)
      await Promise.all(Array.from({ length: Math.min(atOnce, count - opened) }, () => this.#openOne()));
    if (this.#lost > 0) throw new Error(`${this.#lost} idle connections were closed`);
  }

  close(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('close').destroy();
  }

  #openOne(): Promise<void> {
    const socket = connect({ port: this.#port, host: '127.0.0.1' }, () => socket.write(this.#request));
    this.#sockets.push(socket);
    socket.on('close', () => this.#lost++);
    return new Promise((resolve, reject) => {
      socket.once('data', () => resolve()).once('error', reject);
    });
  }
}
