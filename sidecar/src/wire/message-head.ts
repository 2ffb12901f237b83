import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN } from './byte-classes.ts';
import { faults, type WireFault } from './faults.ts';
import { fieldId } from './known-fields.ts';

/** What a parser says of the bytes so far. */
export const NEED_MORE = 0;
export const COMPLETE = 1;
export const FAULT = 2;
export type Progress = typeof NEED_MORE | typeof COMPLETE | typeof FAULT;

/** Limits on a head (bytes, count). */
export const MAX_HEAD_BYTES = 65_536;
export const MAX_FIELDS = 100;
export const MAX_TARGET_BYTES = 16_384;

/** Numbers kept for each field line: `[nameStart, nameEnd, valueStart, valueEnd, id]`. */
export const STRIDE = 5;

/** How the body of a message is delimited (RFC 9112 §6.3). */
export const FRAMING = { none: 0, length: 1, chunked: 2, close: 3 } as const;
export type Framing = (typeof FRAMING)[keyof typeof FRAMING];

/**
 * A message head as offsets into the bytes it was parsed from: nothing is copied. One object serves a connection for all
 * its messages. Parsing may be given the head in any pieces: it resumes at the line it stopped in, so that a head dripped
 * byte by byte costs linear time.
 */
export class MessageHead {
  bytes: Buffer = Buffer.alloc(0);
  /** First byte of the head, and the byte after its last. */
  start = 0;
  end = 0;
  /** First byte of the field section; 0 until the first line has come. */
  fieldsStart = 0;
  /** 0 or 1: minor version. A higher one counts as 1 (RFC 9110 §2.5). */
  minor = 1;
  count = 0;
  readonly fields = new Int32Array(MAX_FIELDS * STRIDE);
  /** Bit `1 << id`: the field stands at least once; more than once. */
  seen = 0;
  repeated = 0;
  framing: Framing = FRAMING.none;
  /** Bytes of the body when `framing` is `length`. */
  contentLength = 0;
  /**
   * The field that delimits the body stands there once, in its usual spelling. In any other, however valid, some reader may
   * overlook it and take the body for the next message, so it is not passed on like that.
   */
  plainFraming = true;
  fault: WireFault | null = null;

  /** Where parsing goes on: the start of the first line that is not complete, and how far it was searched for its end. */
  protected lineStart = -1;
  protected searched = 0;

  /** Forgets the message before; the next parse begins a new one. */
  reset(): void {
    this.lineStart = -1;
    this.searched = 0;
    this.count = 0;
    this.seen = 0;
    this.repeated = 0;
    this.framing = FRAMING.none;
    this.contentLength = 0;
    this.plainFraming = true;
    this.fault = null;
  }

  /** Moves all offsets by `delta`, after the bytes so far were copied to another place of another buffer. */
  rebase(delta: number): void {
    if (this.lineStart < 0) return;
    this.start += delta;
    if (this.fieldsStart !== 0) this.fieldsStart += delta;
    this.lineStart += delta;
    this.searched += delta;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      for (let part = at; part < at + 4; part++) this.fields[part]! += delta;
    }
    this.shift(delta);
  }

  /** The offsets that only a request or an answer has. */
  protected shift(_delta: number): void {}

  has(id: number): boolean {
    return (this.seen & (1 << id)) !== 0;
  }

  isRepeated(id: number): boolean {
    return (this.repeated & (1 << id)) !== 0;
  }

  /** Index of the first line with this id at or after `from`; -1 when there is none. */
  indexOf(id: number, from = 0): number {
    for (let index = from; index < this.count; index++) if (this.fields[index * STRIDE + 4] === id) return index;
    return -1;
  }

  /** Name of the line at `index`, in lower case. */
  nameAt(index: number): string {
    const at = index * STRIDE;
    return this.bytes.toString('latin1', this.fields[at], this.fields[at + 1]).toLowerCase();
  }

  /** Value of the line at `index`, without the white space around it. */
  valueAt(index: number): string {
    const at = index * STRIDE;
    return this.bytes.toString('latin1', this.fields[at + 2], this.fields[at + 3]);
  }

  /** Values of all lines with this id, in order. */
  values(id: number): string[] {
    const found: string[] = [];
    for (let index = this.indexOf(id); index >= 0; index = this.indexOf(id, index + 1)) found.push(this.valueAt(index));
    return found;
  }

  /** Values of all lines with this name (lower case) joined by ", " (RFC 9110 §5.3); null when there is none. */
  combined(lowerName: string): string | null {
    let joined: string | null = null;
    for (let index = 0; index < this.count; index++) {
      const at = index * STRIDE;
      const nameStart = this.fields[at]!;
      const nameEnd = this.fields[at + 1]!;
      if (nameEnd - nameStart !== lowerName.length) continue;
      if (this.bytes.toString('latin1', nameStart, nameEnd).toLowerCase() !== lowerName) continue;
      joined = joined === null ? this.valueAt(index) : `${joined}, ${this.valueAt(index)}`;
    }
    return joined;
  }

  /** Takes the bytes for this call; false when they hold no end of the line that parsing stopped in. */
  protected begin(bytes: Buffer, from: number, limit: number): boolean {
    this.bytes = bytes;
    if (this.lineStart < 0) {
      this.start = this.lineStart = from;
      this.fieldsStart = 0;
      return true;
    }
    return lineFeedIn(bytes, this.searched, limit) >= 0;
  }

  /**
   * A fault in the line that begins at `from`, unless that line ends more than `most` bytes after `counted`: then it is too
   * long, and that is what counts, since a reader that gets it in small pieces stops there and never sees its fault.
   */
  protected failLine(from: number, limit: number, { counted, most, tooLong }: LineLimit): Progress {
    const lineFeed = lineFeedIn(this.bytes, from, limit);
    if ((lineFeed < 0 ? limit : lineFeed) - counted > most) this.fault = tooLong;
    return FAULT;
  }

  /** Nothing to parse before more bytes come; `firstLineLimit` (bytes) holds while the first line has not ended. */
  protected awaitLine(limit: number, firstLineLimit: number, tooLong: WireFault): Progress {
    this.searched = limit;
    if (this.fieldsStart === 0) return limit - this.start > firstLineLimit ? this.fail(tooLong) : NEED_MORE;
    return limit - this.start > MAX_HEAD_BYTES ? this.fail(faults.headTooLarge) : NEED_MORE;
  }

  /** Parses field lines from `lineStart` up to and with the empty line. */
  protected parseFields(bytes: Buffer, limit: number): Progress {
    let position = this.lineStart;
    while (position < limit) {
      if (bytes[position] === CR) {
        if (position + 1 >= limit) break;
        if (bytes[position + 1] !== LF) {
          this.fault = faults.bareCarriageReturn;
          return this.failField(position, limit);
        }
        this.end = position + 2;
        if (this.end - this.start > MAX_HEAD_BYTES) return this.fail(faults.headTooLarge);
        return COMPLETE;
      }
      const next = this.parseField(bytes, position, limit);
      if (next === FIELD_INCOMPLETE) break;
      if (next === FIELD_FAULT) return this.failField(position, limit);
      position = next;
      if (position - this.start > MAX_HEAD_BYTES) return this.fail(faults.headTooLarge);
    }
    this.lineStart = position;
    return this.awaitLine(limit, 0, faults.headTooLarge);
  }

  /** Parses one field line (RFC 9112 §5); gives the start of the next one. */
  private parseField(bytes: Buffer, nameStart: number, limit: number): number {
    let position = nameStart;
    while (position < limit && TOKEN[bytes[position]!] === 1) position++;
    if (position >= limit) return FIELD_INCOMPLETE;
    const nameEnd = position;
    if (bytes[position] !== COLON || nameEnd === nameStart) return this.failName(bytes[position]!, nameStart, nameEnd);
    position++;
    while (position < limit && (bytes[position] === SP || bytes[position] === HTAB)) position++;
    const valueStart = position;
    while (position < limit && FIELD_VALUE[bytes[position]!] === 1) position++;
    if (position + 1 >= limit && (position >= limit || bytes[position] === CR)) return FIELD_INCOMPLETE;
    if (bytes[position] !== CR || bytes[position + 1] !== LF) return this.failValue(bytes[position]!);
    let valueEnd = position;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    if (this.count === MAX_FIELDS) return this.noField(faults.headTooLarge);
    this.keep(fieldId(bytes, nameStart, nameEnd), nameStart, nameEnd);
    const at = (this.count - 1) * STRIDE;
    this.fields[at + 2] = valueStart;
    this.fields[at + 3] = valueEnd;
    return position + 2;
  }

  private keep(id: number, nameStart: number, nameEnd: number): void {
    const at = this.count++ * STRIDE;
    this.fields[at] = nameStart;
    this.fields[at + 1] = nameEnd;
    this.fields[at + 4] = id;
    const bit = 1 << id;
    this.repeated |= this.seen & bit;
    this.seen |= bit;
  }

  private failName(byte: number, nameStart: number, nameEnd: number): number {
    if (byte === LF) return this.noField(faults.bareLineFeed);
    if (byte !== SP && byte !== HTAB) return this.noField(faults.fieldName);
    return this.noField(nameEnd === nameStart ? faults.obsFold : faults.spaceBeforeColon);
  }

  private failValue(byte: number): number {
    if (byte === LF) return this.noField(faults.bareLineFeed);
    return this.noField(byte === CR ? faults.bareCarriageReturn : faults.fieldValue);
  }

  private noField(fault: WireFault): number {
    this.fault = fault;
    return FIELD_FAULT;
  }

  private failField(from: number, limit: number): Progress {
    return this.failLine(from, limit, { counted: this.start, most: MAX_HEAD_BYTES, tooLong: faults.headTooLarge });
  }

  protected fail(fault: WireFault): Progress {
    this.fault = fault;
    return FAULT;
  }
}

/** A line may end at most `most` bytes after `counted`. */
interface LineLimit {
  readonly counted: number;
  readonly most: number;
  readonly tooLong: WireFault;
}

/** Index of the first LF in `bytes[from, limit)`; -1 when there is none. `indexOf` would search what lies behind `limit` too. */
export function lineFeedIn(bytes: Uint8Array, from: number, limit: number): number {
  for (let position = from; position < limit; position++) if (bytes[position] === LF) return position;
  return -1;
}

const FIELD_INCOMPLETE = -1;
const FIELD_FAULT = -2;
