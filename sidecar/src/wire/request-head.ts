import { CR, LF, SP, TARGET, TOKEN } from './byte-classes.ts';
import { faults } from './faults.ts';
import {
  COMPLETE,
  FAULT,
  lineFeedIn,
  MAX_TARGET_BYTES,
  MessageHead,
  NEED_MORE,
  type Progress,
} from './message-head.ts';
import { checkRequest } from './request-rules.ts';

/** Longest method and version beside the longest target (bytes): beyond, a request line is refused without its end. */
const MAX_REQUEST_LINE_BYTES = MAX_TARGET_BYTES + 256;
/** Bytes of a version, in both kinds of first lines. */
export const VERSION_LENGTH = 'HTTP/1.1'.length;

/** The form of a request target, RFC 9112 §3.2. `CONNECT`'s authority-form never gets this far. */
export type TargetForm = 'origin' | 'absolute' | 'asterisk';

/** The head of a request (RFC 9112 §3): offsets into its bytes, and what the framing rules made of it. */
export class RequestHead extends MessageHead {
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  form: TargetForm = 'origin';
  /** In absolute-form: where the path and query begin (at `targetEnd` when there is none), and the authority. */
  pathStart = 0;
  authorityStart = 0;
  /** How many more hops an OPTIONS or TRACE may take (RFC 9110 §7.6.2); -1: any number. */
  maxForwards = -1;
  /** The client asks for another protocol, and may get a tunnel (RFC 9110 §7.8). */
  upgrades = false;
  /** The client waits for a 100 before it sends the body (RFC 9110 §10.1.1). */
  expectsContinue = false;

  override reset(): void {
    super.reset();
    this.form = 'origin';
    this.expectsContinue = false;
    this.maxForwards = -1;
    this.upgrades = false;
  }

  protected override shift(delta: number): void {
    this.methodEnd += delta;
    this.targetStart += delta;
    this.targetEnd += delta;
    this.pathStart += delta;
    this.authorityStart += delta;
  }

  /**
   * Parses `bytes[from, limit)`, or goes on where the last call on the same bytes stopped. `COMPLETE` only when every rule of
   * RFC 9112 for the head and the framing holds; on `FAULT`, `fault` tells which does not.
   */
  parse(bytes: Buffer, from: number, limit: number): Progress {
    if (!this.begin(bytes, from, limit)) return this.awaitRequestLine(limit);
    if (this.fieldsStart === 0) {
      const lineFrom = this.start;
      const progress = this.parseRequestLine(bytes, limit);
      if (progress === NEED_MORE) return NEED_MORE;
      if (progress === FAULT) return this.failRequestLine(lineFrom, limit);
      if (this.fieldsStart - 1 - lineFrom > MAX_REQUEST_LINE_BYTES) return this.fail(faults.targetTooLong);
    }
    const progress = this.parseFields(bytes, limit);
    if (progress !== COMPLETE) return progress;
    this.fault = checkRequest(this);
    return this.fault === null ? COMPLETE : FAULT;
  }

  get method(): string {
    return this.bytes.toString('latin1', this.start, this.methodEnd);
  }

  private awaitRequestLine(limit: number): Progress {
    return this.awaitLine(limit, MAX_REQUEST_LINE_BYTES, faults.targetTooLong);
  }

  private failRequestLine(from: number, limit: number): Progress {
    return this.failLine(this.afterEmptyLine(from), limit, {
      counted: from,
      most: MAX_REQUEST_LINE_BYTES,
      tooLong: faults.targetTooLong,
    });
  }

  /** RFC 9112 §2.2: one empty line before the request line is forgiven. */
  private afterEmptyLine(from: number): number {
    return this.bytes[from] === CR && this.bytes[from + 1] === LF ? from + 2 : from;
  }

  private parseRequestLine(bytes: Buffer, limit: number): Progress {
    let position = this.start;
    if (bytes[position] === CR && position < limit) {
      if (position + 1 >= limit) return this.awaitRequestLine(limit);
      if (bytes[position + 1] !== LF) return this.fail(faults.bareCarriageReturn);
      position += 2;
      if (bytes[position] === CR && position < limit) return this.fail(faults.requestLine);
    }
    const methodStart = position;
    while (position < limit && TOKEN[bytes[position]!] === 1) position++;
    if (position >= limit) return this.awaitRequestLine(limit);
    if (bytes[position] !== SP || position === methodStart) return this.failByte(bytes[position]!, faults.method);
    this.methodEnd = position++;
    this.targetStart = position;
    while (position < limit && TARGET[bytes[position]!] === 1) position++;
    if (position - this.targetStart > MAX_TARGET_BYTES) return this.fail(faults.targetTooLong);
    if (position >= limit) return this.awaitRequestLine(limit);
    if (bytes[position] !== SP) return this.failByte(bytes[position]!, faults.target);
    this.targetEnd = position++;
    if (this.targetEnd === this.targetStart) return this.fail(faults.requestLine);
    if (position + VERSION_LENGTH + 2 > limit) return this.awaitVersion(bytes, position, limit);
    const version = parseVersion(bytes, position);
    if (version === INVALID_VERSION) return this.fail(faults.version);
    position += VERSION_LENGTH;
    if (bytes[position] !== CR) return this.failByte(bytes[position]!, faults.requestLine);
    if (bytes[position + 1] !== LF) return this.fail(faults.bareCarriageReturn);
    if (version === OTHER_MAJOR) return this.fail(faults.versionNotSupported);
    this.minor = version;
    this.start = methodStart;
    this.fieldsStart = this.lineStart = position + 2;
    return COMPLETE;
  }

  /** The line is cut inside its version: a line end there is already wrong. */
  private awaitVersion(bytes: Buffer, from: number, limit: number): Progress {
    const lineFeed = lineFeedIn(bytes, from, limit);
    if (lineFeed < 0) return this.awaitRequestLine(limit);
    const isWhole = lineFeed === from + VERSION_LENGTH && parseVersion(bytes, from) !== INVALID_VERSION;
    return this.fail(isWhole ? faults.bareLineFeed : faults.version);
  }

  private failByte(byte: number, otherwise: (typeof faults)[keyof typeof faults]): Progress {
    if (byte === LF) return this.fail(faults.bareLineFeed);
    return this.fail(byte === CR ? faults.requestLine : otherwise);
  }
}

const INVALID_VERSION = -1;
const OTHER_MAJOR = -2;

/** Minor version (0, or 1 for all above) of the eight bytes from `at`; `OTHER_MAJOR` or `INVALID_VERSION` (RFC 9112 §2.3). */
export function parseVersion(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x48 || bytes[at + 1] !== 0x54 || bytes[at + 2] !== 0x54 || bytes[at + 3] !== 0x50)
    return INVALID_VERSION;
  if (bytes[at + 4] !== 0x2f || bytes[at + 6] !== 0x2e) return INVALID_VERSION;
  const major = bytes[at + 5]! - 0x30;
  const minor = bytes[at + 7]! - 0x30;
  if (major < 0 || major > 9 || minor < 0 || minor > 9) return INVALID_VERSION;
  if (major !== 1) return OTHER_MAJOR;
  return minor === 0 ? 0 : 1;
}
