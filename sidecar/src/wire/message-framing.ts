import { CR, SP } from './byte-classes.ts';
import { faults, type WireFault } from './faults.ts';
import { FIELD } from './known-fields.ts';
import { listItems } from './list-items.ts';
import { FRAMING, STRIDE, type MessageHead } from './message-head.ts';

/** Digits of the largest accepted Content-Length: always a safe integer. */
const MAX_LENGTH_DIGITS = 15;

const ZERO = 0x30;

/** Sets framing and length from Content-Length; the same value twice is allowed (RFC 9112 §6.3), a list of values is not. */
export function readContentLength(head: MessageHead): WireFault | null {
  let length = -1;
  for (
    let index = head.indexOf(FIELD.contentLength);
    index >= 0;
    index = head.indexOf(FIELD.contentLength, index + 1)
  ) {
    const value = digits(head.bytes, head.fields[index * STRIDE + 2]!, head.fields[index * STRIDE + 3]!);
    if (value < 0) return faults.contentLength;
    if (length >= 0 && value !== length) return faults.contentLengthDiffers;
    head.plainFraming &&= length < 0 && isPlain(head, index) && !hasLeadingZero(head, index);
    length = value;
  }
  head.contentLength = length;
  head.framing = length === 0 ? FRAMING.none : FRAMING.length;
  return null;
}

/** One space or none before the value, and nothing behind it. */
function isPlain({ bytes, fields }: MessageHead, index: number): boolean {
  const at = index * STRIDE;
  const colon = fields[at + 1]!;
  const space = fields[at + 2]! - colon - 1;
  return bytes[fields[at + 3]!] === CR && (space === 0 || (space === 1 && bytes[colon + 1] === SP));
}

function hasLeadingZero({ bytes, fields }: MessageHead, index: number): boolean {
  const start = fields[index * STRIDE + 2]!;
  return bytes[start] === ZERO && fields[index * STRIDE + 3]! > start + 1;
}

/** Value of the decimal digits in `bytes[start, end)`; -1 when it is anything else, or too large. */
export function digits(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_LENGTH_DIGITS) return -1;
  let value = 0;
  for (let position = start; position < end; position++) {
    const digit = bytes[position]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Accepts `chunked`, alone (RFC 9112 §6.1); any other coding under it is unknown here. */
export function readTransferCoding(head: MessageHead): WireFault | null {
  if (!head.isRepeated(FIELD.transferEncoding)) {
    const index = head.indexOf(FIELD.transferEncoding);
    head.plainFraming = isPlain(head, index);
    if (head.valueAt(index) === 'chunked') return null;
  }
  head.plainFraming = false;
  const codings = listItems(head.values(FIELD.transferEncoding));
  if (codings.includes('')) return faults.emptyCoding;
  if (codings.at(-1) !== 'chunked' || codings.indexOf('chunked') !== codings.length - 1) return faults.chunkedNotLast;
  return codings.length === 1 ? null : faults.unknownCoding;
}
