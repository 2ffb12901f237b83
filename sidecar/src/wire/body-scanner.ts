import { ChunkedScanner } from './chunked.ts';
import type { WireFault } from './faults.ts';
import { FRAMING, type Framing } from './message-head.ts';

/** Tells which of the bytes that arrive belong to the body of the present message, however it is delimited (RFC 9112 §6.3). */
export class BodyScanner {
  private framing: Framing = FRAMING.none;
  private remaining = 0;
  private readonly chunked = new ChunkedScanner();

  begin(framing: Framing, contentLength: number): void {
    this.framing = framing;
    this.remaining = contentLength;
    if (framing === FRAMING.chunked) this.chunked.reset();
  }

  /** Is told of each run of data of a chunked body, framing left out. */
  set onData(listener: (bytes: Buffer, start: number, end: number) => void) {
    this.chunked.onData = listener;
  }

  /** The whole body was seen. A body that ends with its connection is never done by itself. */
  get done(): boolean {
    if (this.framing === FRAMING.length) return this.remaining === 0;
    return this.framing === FRAMING.chunked ? this.chunked.done : this.framing === FRAMING.none;
  }

  get fault(): WireFault | null {
    return this.framing === FRAMING.chunked ? this.chunked.fault : null;
  }

  /** Bytes still to come (0 when done); infinite when only the bytes themselves will tell. */
  get outstanding(): number {
    if (this.done) return 0;
    return this.framing === FRAMING.length ? this.remaining : Number.POSITIVE_INFINITY;
  }

  /** Gives the index after the last byte of `bytes[from, limit)` that belongs to the body. */
  scan(bytes: Buffer, from: number, limit: number): number {
    switch (this.framing) {
      case FRAMING.length: {
        const taken = Math.min(this.remaining, limit - from);
        this.remaining -= taken;
        return from + taken;
      }
      case FRAMING.chunked:
        return this.chunked.scan(bytes, from, limit);
      case FRAMING.close:
        return limit;
      case FRAMING.none:
        return from;
    }
  }
}
