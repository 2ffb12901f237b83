import { CR, FIELD_VALUE, LF, SP } from './byte-classes.ts';
import { faults, type WireFault } from './faults.ts';
import { FIELD } from './known-fields.ts';
import { readContentLength, readTransferCoding } from './message-framing.ts';
import { COMPLETE, FAULT, FRAMING, lineFeedIn, MessageHead, NEED_MORE, type Progress } from './message-head.ts';
import { parseVersion, VERSION_LENGTH } from './request-head.ts';

const MAX_STATUS_LINE_BYTES = 8_192;
/** `HTTP/1.1 200 `: version, space, three digits, space. */
const FIXED_PART = 13;

/** The head of an answer (RFC 9112 §4), as strict as that of a request: a broken service can't smuggle an answer. */
export class ResponseHead extends MessageHead {
  status = 0;

  /** Parses `bytes[from, limit)`, or goes on; `headOnly` tells that the request was a HEAD (RFC 9112 §6.3). */
  parse(bytes: Buffer, from: number, limit: number, headOnly: boolean): Progress {
    if (!this.begin(bytes, from, limit)) return this.awaitStatusLine(limit);
    if (this.fieldsStart === 0) {
      const progress = this.parseStatusLine(bytes, limit);
      if (progress === NEED_MORE) return NEED_MORE;
      if (progress === FAULT) return this.failStatusLine(limit);
      if (this.fieldsStart - 1 - this.start > MAX_STATUS_LINE_BYTES) return this.fail(faults.statusLine);
    }
    const progress = this.parseFields(bytes, limit);
    if (progress !== COMPLETE) return progress;
    this.fault = this.frame(headOnly);
    return this.fault === null ? COMPLETE : FAULT;
  }

  /** An interim answer: another one follows (RFC 9110 §15.2). */
  get isInterim(): boolean {
    return this.status < 200;
  }

  /** RFC 9110 §6.4.1: never a body, whatever the fields say. */
  get isBodiless(): boolean {
    return this.status < 200 || this.status === 204 || this.status === 304;
  }

  private awaitStatusLine(limit: number): Progress {
    return this.awaitLine(limit, MAX_STATUS_LINE_BYTES, faults.statusLine);
  }

  private parseStatusLine(bytes: Buffer, limit: number): Progress {
    const { start } = this;
    if (limit - start < FIXED_PART) return this.failEarly(bytes, limit);
    const version = parseVersion(bytes, start);
    if (version < 0) return this.fail(faults.version);
    const status = statusCode(bytes, start + 9);
    if (bytes[start + 8] !== SP || status < 100 || status > 599 || bytes[start + 12] !== SP)
      return this.fail(faults.statusLine);
    let position = start + FIXED_PART;
    while (position < limit && FIELD_VALUE[bytes[position]!] === 1) position++;
    if (position >= limit || (bytes[position] === CR && position + 1 >= limit)) return this.awaitStatusLine(limit);
    if (bytes[position] !== CR || bytes[position + 1] !== LF) return this.fail(faults.statusLine);
    this.minor = version;
    this.status = status;
    this.fieldsStart = this.lineStart = position + 2;
    return COMPLETE;
  }

  private failStatusLine(limit: number): Progress {
    const { start } = this;
    return this.failLine(start, limit, { counted: start, most: MAX_STATUS_LINE_BYTES, tooLong: faults.statusLine });
  }

  /** The line is cut inside its fixed part: a line end there is already wrong. */
  private failEarly(bytes: Buffer, limit: number): Progress {
    const lineFeed = lineFeedIn(bytes, this.start, limit);
    if (lineFeed < 0) return this.awaitStatusLine(limit);
    const hasVersion = lineFeed >= this.start + VERSION_LENGTH && parseVersion(bytes, this.start) >= 0;
    return this.fail(hasVersion ? faults.statusLine : faults.version);
  }

  /** RFC 9112 §6.3, the rules for answers. */
  private frame(headOnly: boolean): WireFault | null {
    if (this.has(FIELD.transferEncoding)) {
      if (this.has(FIELD.contentLength)) return faults.lengthAndCoding;
      if (this.minor === 0) return faults.codingInOldVersion;
      const fault = readTransferCoding(this);
      if (fault !== null) return fault;
      this.framing = FRAMING.chunked;
    } else if (this.has(FIELD.contentLength)) {
      const fault = readContentLength(this);
      if (fault !== null) return fault;
    } else {
      this.framing = FRAMING.close;
    }
    if (headOnly || this.isBodiless) this.framing = FRAMING.none;
    return null;
  }
}

function statusCode(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let position = at; position < at + 3; position++) {
    const digit = bytes[position]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
