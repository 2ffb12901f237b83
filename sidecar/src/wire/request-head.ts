import { CR, LF, SP, TARGET, TOKEN } from './byte-classes.ts';
import { faults } from './faults.ts';
import { COMPLETE, FAULT, MAX_TARGET_BYTES, MessageHead, type Progress } from './message-head.ts';
import { checkRequest } from './request-rules.ts';

/** Longest method and version beside the longest target (bytes): beyond, a request line is refused without its end. */
const MAX_REQUEST_LINE_BYTES = MAX_TARGET_BYTES + 256;
const VERSION_LENGTH = 'HTTP/1.1'.length;

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
  /** The client waits for a 100 before it sends the body (RFC 9110 §10.1.1). */
  expectsContinue = false;

  override reset(): void {
    super.reset();
    this.form = 'origin';
    this.expectsContinue = false;
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
      const progress = this.parseRequestLine(bytes, limit);
      if (progress !== COMPLETE) return progress;
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

  private parseRequestLine(bytes: Buffer, limit: number): Progress {
    let position = this.start;
    // RFC 9112 §2.2: one empty line before the request line is forgiven.
    if (bytes[position] === CR && position < limit) {
      if (position + 1 >= limit) return this.awaitRequestLine(limit);
      if (bytes[position + 1] !== LF) return this.fail(faults.bareCarriageReturn);
      position += 2;
      if (bytes[position] === CR && position < limit) return this.fail(faults.requestLine);
    }
    const methodStart = position;
    while (position < limit && TOKEN[bytes[position]!] === 1) position++;
    if (position >= limit) return this.awaitRequestLine(limit);
    if (bytes[position] !== SP || position === methodStart) return this.failLine(bytes[position]!, faults.method);
    this.methodEnd = position++;
    this.targetStart = position;
    while (position < limit && TARGET[bytes[position]!] === 1) position++;
    if (position - this.targetStart > MAX_TARGET_BYTES) return this.fail(faults.targetTooLong);
    if (position >= limit) return this.awaitRequestLine(limit);
    if (bytes[position] !== SP) return this.failLine(bytes[position]!, faults.target);
    this.targetEnd = position++;
    if (this.targetEnd === this.targetStart) return this.fail(faults.requestLine);
    if (position + VERSION_LENGTH + 2 > limit) return this.awaitVersion(bytes, position, limit);
    const version = parseVersion(bytes, position);
    if (version === INVALID_VERSION) return this.fail(faults.version);
    position += VERSION_LENGTH;
    if (bytes[position] !== CR) return this.failLine(bytes[position]!, faults.requestLine);
    if (bytes[position + 1] !== LF) return this.fail(faults.bareCarriageReturn);
    if (version === OTHER_MAJOR) return this.fail(faults.versionNotSupported);
    this.minor = version;
    this.start = methodStart;
    this.fieldsStart = this.lineStart = position + 2;
    return COMPLETE;
  }

  /** The line is cut inside its version: a line end there is already wrong. */
  private awaitVersion(bytes: Buffer, from: number, limit: number): Progress {
    const lineFeed = bytes.indexOf(LF, from);
    if (lineFeed !== -1 && lineFeed < limit) return this.fail(faults.version);
    return this.awaitRequestLine(limit);
  }

  private failLine(byte: number, otherwise: (typeof faults)[keyof typeof faults]): Progress {
    if (byte === LF) return this.fail(faults.bareLineFeed);
    return this.fail(byte === CR ? faults.requestLine : otherwise);
  }
}

export const INVALID_VERSION = -1;
export const OTHER_MAJOR = -2;

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
