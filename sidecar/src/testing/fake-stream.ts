import type { ByteStream } from '../io/byte-stream.ts';

type Event = 'data' | 'connect' | 'drain' | 'end' | 'close' | 'error';

/** Unsent bytes beyond this make `write` say false, as a socket does. */
const HIGH_WATER_BYTES = 16_384;

/** One end of a connection that exists in memory only. What happens is told later, in order, by the simulation: as with sockets, never from inside a call. */
export class FakeStream implements ByteStream {
  peer: FakeStream | null = null;
  remoteAddress = '';
  destroyed = false;
  /** It ended by a reset, not in order. */
  wasReset = false;
  private readonly later: (run: () => void) => void;
  private readonly listeners = new Map<Event, ((value: never) => void)[]>();
  private readonly unread: Buffer[] = [];
  private paused = false;
  private ended = false;
  private peerEnded = false;
  private endTold = false;
  private needsDrain = false;

  constructor(later: (run: () => void) => void) {
    this.later = later;
  }

  /** Two ends of a new connection. */
  static pair(later: (run: () => void) => void): [FakeStream, FakeStream] {
    const one = new FakeStream(later);
    const other = new FakeStream(later);
    one.peer = other;
    other.peer = one;
    return [one, other];
  }

  get writableLength(): number {
    return this.peer === null ? 0 : this.peer.unread.reduce((sum, piece) => sum + piece.length, 0);
  }

  on(event: Event, listener: (value: never) => void): this {
    const known = this.listeners.get(event) ?? [];
    known.push(listener);
    this.listeners.set(event, known);
    return this;
  }

  emit(event: Event, value?: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(value as never);
  }

  write(data: string | Uint8Array): boolean {
    const { peer } = this;
    if (this.destroyed || this.ended || peer === null || peer.destroyed) return true;
    // Not a copy: as with a socket, bytes may not change before they have been taken.
    const { buffer, byteOffset, byteLength } = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    peer.unread.push(Buffer.from(buffer, byteOffset, byteLength));
    this.later(() => peer.deliver());
    if (this.writableLength <= HIGH_WATER_BYTES) return true;
    this.needsDrain = true;
    return false;
  }

  end(): this {
    if (this.ended || this.destroyed) return this;
    this.ended = true;
    const { peer } = this;
    this.later(() => {
      if (peer === null) return;
      peer.peerEnded = true;
      peer.deliver();
      if (this.endTold && !this.destroyed) this.destroy();
    });
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    const { peer } = this;
    this.later(() => this.emit('close'));
    this.later(() => {
      if (peer === null || peer.destroyed) return;
      if (this.wasReset) {
        peer.unread.length = 0;
        peer.emit('error', new Error('read ECONNRESET'));
        peer.destroy();
        return;
      }
      peer.peerEnded = true;
      peer.deliver();
    });
    return this;
  }

  resetAndDestroy(): this {
    this.wasReset = true;
    return this.destroy();
  }

  pause(): this {
    this.paused = true;
    return this;
  }

  resume(): this {
    if (!this.paused) return this;
    this.paused = false;
    this.later(() => this.deliver());
    return this;
  }

  private deliver(): void {
    while (!this.paused && !this.destroyed) {
      const piece = this.unread.shift();
      if (piece === undefined) break;
      this.emit('data', piece);
    }
    const { peer } = this;
    if (peer?.needsDrain === true && !this.paused && peer.writableLength === 0) {
      peer.needsDrain = false;
      peer.emit('drain');
    }
    if (this.paused || this.destroyed || !this.peerEnded || this.endTold || this.unread.length > 0) return;
    this.endTold = true;
    this.emit('end');
    // As a socket with `allowHalfOpen`: it closes when both ways have ended.
    if (this.ended && !this.destroyed) this.destroy();
  }
}
