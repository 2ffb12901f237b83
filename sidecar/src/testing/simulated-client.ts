import type { FakeStream } from './fake-stream.ts';

export interface SimulatedAnswer {
  status: number;
  /** Names in lower case; repeated fields joined by ", ". */
  headers: Record<string, string>;
  body: string;
  /** When it was complete (ms of the simulation). */
  atMs: number;
}

interface Surroundings {
  readonly nowMs: number;
  settle(): void;
}

/** A client that understands answers delimited by `Content-Length`, chunks or the end, and keeps when each came. */
export class SimulatedClient {
  readonly answers: SimulatedAnswer[] = [];
  /** Everything that came, as latin1. */
  received = '';
  /** The sidecar ended the connection (in order), or reset it. */
  ended = false;
  wasReset = false;
  /** Leaves its own direction open when the sidecar has ended. */
  staysOpen = false;
  private readonly stream: FakeStream;
  private readonly around: Surroundings;
  private unread = '';

  constructor(stream: FakeStream, around: Surroundings) {
    this.stream = stream;
    this.around = around;
    stream.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
      this.unread += bytes.toString('latin1');
      while (this.takeAnswer());
    });
    stream.on('end', () => {
      this.ended = true;
      if (!this.staysOpen) stream.end();
    });
    stream.on('error', () => {
      this.wasReset = true;
    });
  }

  /** The last answer so far. @throws Error when there is none. */
  get answer(): SimulatedAnswer {
    const answer = this.answers.at(-1);
    if (answer === undefined) throw new Error('no answer has come');
    return answer;
  }

  get(target: string, headers: Record<string, string> = {}): void {
    const lines = Object.entries({ Host: 'service', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.send(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  }

  /** Sends raw text (latin1), and lets everything happen that takes no time. */
  send(text: string): void {
    this.stream.write(text);
    this.around.settle();
  }

  /** Ends its own direction only. */
  end(): void {
    this.stream.end();
    this.around.settle();
  }

  leave(): void {
    this.stream.destroy();
    this.around.settle();
  }

  stopReading(): void {
    this.stream.pause();
  }

  readAgain(): void {
    this.stream.resume();
    this.around.settle();
  }

  private takeAnswer(): boolean {
    const headEnd = this.unread.indexOf('\r\n\r\n');
    if (headEnd < 0) return false;
    const [statusLine, ...lines] = this.unread.slice(0, headEnd).split('\r\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    const rest = this.unread.slice(headEnd + 4);
    const length = Number(headers['content-length'] ?? 0);
    if (rest.length < length) return false;
    this.unread = rest.slice(length);
    const status = Number(statusLine!.split(' ')[1]);
    this.answers.push({ status, headers, body: rest.slice(0, length), atMs: this.around.nowMs });
    return this.unread.length > 0;
  }
}
