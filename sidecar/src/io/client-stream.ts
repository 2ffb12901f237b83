import type { ByteStream } from './byte-stream.ts';
import { LAST_ANSWER_MS } from './client-limits.ts';
import { MAX_LINGER_BYTES } from './client-limits.ts';

/** What the socket of a client tells. */
export interface ClientEvents {
  received(bytes: Buffer): void;
  /** The client takes bytes again. */
  drained(): void;
  /** It will send nothing more. */
  ended(): void;
  /** It has broken, or is closed. */
  gone(): void;
}

/** The socket of a client: reading that can be held back, and an end that does not destroy the answer on its way. */
export class ClientStream {
  /** False: held back. */
  reading = true;
  readonly address: string;
  private readonly stream: ByteStream;
  private lingering = false;
  private lingerUntilMs = 0;
  private discardedBytes = 0;

  constructor(stream: ByteStream, events: ClientEvents) {
    this.stream = stream;
    this.address = stream.remoteAddress ?? '';
    stream.on('data', (bytes) => {
      if (this.lingering) this.discard(bytes);
      else events.received(bytes);
    });
    stream.on('drain', () => events.drained());
    stream.on('end', () => {
      // After our end that is what the client was expected to do; the socket closes by itself.
      if (!this.lingering) events.ended();
    });
    stream.on('error', () => events.gone());
    stream.on('close', () => events.gone());
  }

  /** All that was written has been handed to the system. */
  get isFlushed(): boolean {
    return this.stream.writableLength === 0;
  }

  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.stream.write(data, 'latin1') : this.stream.write(data);
  }

  pause(): void {
    if (!this.reading) return;
    this.reading = false;
    this.stream.pause();
  }

  resume(): void {
    if (this.reading) return;
    this.reading = true;
    this.stream.resume();
  }

  /** Ends our direction only. */
  end(): void {
    this.stream.end();
  }

  /** Says that nothing more will come, and goes on reading until the client has understood. */
  linger(nowMs: number): void {
    this.lingering = true;
    this.lingerUntilMs = nowMs + LAST_ANSWER_MS;
    this.stream.end();
    this.resume();
  }

  /** Once the end was said, what still comes is thrown away: closing with unread bytes would send a reset. Who does not stop is not read any more. */
  private discard(bytes: Buffer): void {
    this.discardedBytes += bytes.length;
    if (this.discardedBytes > MAX_LINGER_BYTES) this.pause();
  }

  /** The last answer is still being taken, and there is time for that. */
  isLingering(nowMs: number): boolean {
    return !this.isFlushed && nowMs < this.lingerUntilMs;
  }

  destroy(): void {
    this.stream.destroy();
  }

  reset(): void {
    this.stream.resetAndDestroy();
  }
}
