import { COLON, CR, FIELD_VALUE, HEX_VALUE, LF, TOKEN } from './byte-classes.ts';
import { AFTER_EXTENSION, EXTENSION_ENDED, EXTENSION_FAULT, nextInExtension } from './chunk-extension.ts';
import { faults, type WireFault } from './faults.ts';

/** Limits (bytes): of one chunk's extensions, and of the whole trailer section. */
export const MAX_EXTENSION_BYTES = 1_024;
export const MAX_TRAILER_BYTES = 8_192;
/** Bytes of extensions, in all of a body, beyond one for each byte of data: more is no use to anybody, and much work. */
export const MAX_EXCESS_BYTES = 16_384;
/** Hexadecimal digits of a chunk size: always a safe integer. */
const MAX_SIZE_DIGITS = 12;
const LONGEST_FORBIDDEN = 'proxy-authorization'.length;

/** States of the scanner, in the order in which a message goes through them; those of an extension stand in a file of their own. */
const SIZE_FIRST = EXTENSION_ENDED + 1;
const SIZE = EXTENSION_ENDED + 2;
const SIZE_LF = EXTENSION_ENDED + 3;
const DATA = EXTENSION_ENDED + 4;
const DATA_CR = EXTENSION_ENDED + 5;
const DATA_LF = EXTENSION_ENDED + 6;
const TRAILER_FIRST = EXTENSION_ENDED + 7;
const TRAILER_NAME = EXTENSION_ENDED + 8;
const TRAILER_VALUE = EXTENSION_ENDED + 9;
const TRAILER_LF = EXTENSION_ENDED + 10;
const LAST_LF = EXTENSION_ENDED + 11;
const DONE = EXTENSION_ENDED + 12;

/** Fields that must not come after the body: framing, routing, authentication, control (RFC 9110 §6.5.1). */
const forbiddenTrailers = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'trailer',
  'connection',
  'te',
  'upgrade',
  'expect',
  'max-forwards',
  'via',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'www-authenticate',
  'content-encoding',
  'content-type',
  'content-range',
  'cookie',
  'set-cookie',
  'cache-control',
  'range',
  'keep-alive',
  'proxy-connection',
]);

/**
 * Finds the end of a chunked body (RFC 9112 §7.1) and judges every byte that is not data; the body passes as it came.
 * Works for any split of the bytes. `onData`, when set, is told of each run of data: for a client that cannot read chunks.
 */
export class ChunkedScanner {
  fault: WireFault | null = null;
  onData: ((bytes: Buffer, start: number, end: number) => void) | null = null;
  private state = SIZE_FIRST;
  private size = 0;
  private sizeDigits = 0;
  private extensionBytes = 0;
  private excessBytes = 0;
  private trailerBytes = 0;
  private trailerName = '';

  get done(): boolean {
    return this.state === DONE;
  }

  reset(): void {
    this.fault = null;
    this.onData = null;
    this.state = SIZE_FIRST;
    this.trailerBytes = this.excessBytes = 0;
  }

  /** Scans `bytes[from, limit)`; gives the index after the last byte that belongs to the body. After a fault, `fault` is set. */
  scan(bytes: Buffer, from: number, limit: number): number {
    let position = from;
    while (position < limit && this.state !== DONE) {
      if (this.state === DATA) {
        const taken = Math.min(this.size, limit - position);
        this.onData?.(bytes, position, position + taken);
        position += taken;
        this.size -= taken;
        if (this.size === 0) this.state = DATA_CR;
        continue;
      }
      const fault = this.step(bytes[position]!);
      if (fault !== null) {
        this.fault = fault;
        return position;
      }
      position++;
    }
    return position;
  }

  private step(byte: number): WireFault | null {
    if (this.state < EXTENSION_ENDED) return this.stepExtension(byte);
    if (this.state <= SIZE) return this.stepSize(byte);
    return this.state < TRAILER_FIRST ? this.stepEnd(byte) : this.stepTrailer(byte);
  }

  private stepSize(byte: number): WireFault | null {
    const digit = HEX_VALUE[byte]!;
    if (this.state === SIZE_FIRST) {
      if (digit === 255) return faults.chunkSize;
      this.size = digit;
      this.sizeDigits = 1;
      this.extensionBytes = 0;
      this.state = SIZE;
      return null;
    }
    if (digit !== 255) {
      this.size = this.size * 16 + digit;
      return ++this.sizeDigits > MAX_SIZE_DIGITS ? faults.chunkSize : null;
    }
    if (byte === CR) return this.enter(SIZE_LF);
    if (byte === LF) return faults.bareLineFeed;
    this.state = nextInExtension(AFTER_EXTENSION, byte);
    return this.state === EXTENSION_FAULT ? faults.chunkSize : null;
  }

  private stepExtension(byte: number): WireFault | null {
    if (++this.extensionBytes > MAX_EXTENSION_BYTES) return faults.chunkExtension;
    if (byte === LF) return faults.bareLineFeed;
    const next = nextInExtension(this.state, byte);
    if (next === EXTENSION_FAULT) return faults.chunkExtension;
    return this.enter(next === EXTENSION_ENDED ? SIZE_LF : next);
  }

  private enter(state: number): null {
    this.state = state;
    return null;
  }

  private stepEnd(byte: number): WireFault | null {
    if (this.state === SIZE_LF) {
      if (byte !== LF) return faults.bareCarriageReturn;
      this.excessBytes = Math.max(0, this.excessBytes + this.extensionBytes - this.size);
      if (this.excessBytes > MAX_EXCESS_BYTES) return faults.chunkExtension;
      return this.enter(this.size === 0 ? TRAILER_FIRST : DATA);
    }
    if (this.state === DATA_CR) return byte === CR ? this.enter(DATA_LF) : faults.chunkEnd;
    return byte === LF ? this.enter(SIZE_FIRST) : faults.chunkEnd;
  }

  private stepTrailer(byte: number): WireFault | null {
    if (this.state === LAST_LF) return byte === LF ? this.enter(DONE) : faults.bareCarriageReturn;
    if (++this.trailerBytes > MAX_TRAILER_BYTES) return faults.trailersTooLong;
    if (this.state === TRAILER_LF) return byte === LF ? this.enter(TRAILER_FIRST) : faults.bareCarriageReturn;
    if (this.state === TRAILER_VALUE) {
      if (FIELD_VALUE[byte] === 1) return null;
      return byte === CR ? this.enter(TRAILER_LF) : faults.trailer;
    }
    if (this.state === TRAILER_FIRST) {
      if (byte === CR) return this.enter(LAST_LF);
      this.trailerName = '';
      this.state = TRAILER_NAME;
    }
    if (TOKEN[byte] === 1) {
      if (this.trailerName.length <= LONGEST_FORBIDDEN) this.trailerName += String.fromCharCode(byte);
      return null;
    }
    if (byte !== COLON || this.trailerName === '' || forbiddenTrailers.has(this.trailerName.toLowerCase()))
      return faults.trailer;
    return this.enter(TRAILER_VALUE);
  }
}
