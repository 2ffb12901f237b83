import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { readMessage, type Message } from './message.ts';

/** How the other side ended the connection: in order, or by a reset. */
type Ending = 'end' | 'reset';

/** Nothing in these tests takes longer, unless it hangs (ms). */
const PATIENCE_MS = 10_000;

/** What was waited for cannot come any more: the connection has ended. */
export class PeerEnded extends Error {}

/** One end of a raw connection: the test writes bytes and takes bytes, as latin1 texts. */
export class Peer {
  readonly socket: Socket;
  /** Received and not taken yet. */
  received = '';
  ending: Ending | null = null;
  private readonly looks = new Set<() => void>();

  private readonly patienceMs: number;

  /** `patienceMs`: how long it waits for anything; a service waits for ever. */
  constructor(socket: Socket, patienceMs = PATIENCE_MS) {
    this.socket = socket;
    this.patienceMs = patienceMs;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
      this.changed();
    });
    socket.on('end', () => this.over('end'));
    socket.on('error', () => this.over('reset'));
    socket.on('close', () => this.over('end'));
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Takes up to the end of the first `marker`. */
  take(marker: string): Promise<string> {
    return this.until(
      () => {
        const at = this.received.indexOf(marker);
        return at < 0 ? undefined : this.cut(at + marker.length);
      },
      () => JSON.stringify(marker),
    );
  }

  takeLength(length: number): Promise<string> {
    return this.until(
      () => (this.received.length < length ? undefined : this.cut(length)),
      () => `${length} bytes`,
    );
  }

  /** Takes one whole message. `bodyless`: an answer that has no body whatever its head says. */
  message(bodyless = false): Promise<Message> {
    return readMessage(this, bodyless);
  }

  /** Takes what comes until the other side ends, and tells how it did. */
  async rest(): Promise<{ text: string; ending: Ending }> {
    const ending = await this.until(
      () => this.ending ?? undefined,
      () => 'the end',
    );
    return { text: this.cut(this.received.length), ending };
  }

  /** Resolves when the other side has ended. */
  async ended(): Promise<Ending> {
    return this.until(
      () => this.ending ?? undefined,
      () => 'the end',
    );
  }

  private cut(length: number): string {
    const taken = this.received.slice(0, length);
    this.received = this.received.slice(length);
    return taken;
  }

  private over(ending: Ending): void {
    this.ending ??= ending;
    this.changed();
  }

  private changed(): void {
    for (const look of this.looks) look();
  }

  private until<T>(find: () => T | undefined, what: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.looks.delete(look);
        settle();
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) finish(() => resolve(found));
        else if (this.ending !== null)
          finish(() => reject(new PeerEnded(`${this.ending} before ${what()}: ${this.shown()}`)));
      };
      const giveUp = (): void =>
        finish(() => reject(new Error(`waited in vain for ${what()}; there is ${this.shown()}`)));
      const timer = this.patienceMs === Infinity ? undefined : setTimeout(giveUp, this.patienceMs);
      this.looks.add(look);
      look();
    });
  }

  private shown(): string {
    return JSON.stringify(this.received.slice(0, 500));
  }
}

/** Connects to a port of this machine. */
export async function connect(port: number): Promise<Peer> {
  const socket = connectSocket({ host: '127.0.0.1', port });
  const peer = new Peer(socket);
  await once(socket, 'connect');
  return peer;
}

/** One request over a connection of its own, which is closed afterwards. */
export async function ask(port: number, request: string): Promise<Message> {
  const client = await connect(port);
  client.send(request);
  const answer = await client.message(request.startsWith('HEAD '));
  client.socket.destroy();
  return answer;
}

/** A GET with nothing but what it needs, and these lines. */
export const get = (target: string, ...lines: string[]): string =>
  [`GET ${target} HTTP/1.1`, 'Host: users.test', ...lines, '', ''].join('\r\n');

/** A POST with a length. */
export const post = (target: string, body: string, ...lines: string[]): string =>
  [`POST ${target} HTTP/1.1`, 'Host: users.test', ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');
