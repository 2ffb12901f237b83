import { faults, type WireFault } from './faults.ts';
import { FIELD } from './known-fields.ts';
import { listItems } from './list-items.ts';
import { FRAMING, STRIDE, type MessageHead } from './message-head.ts';

/** Digits of the largest accepted Content-Length: always a safe integer. */
const MAX_LENGTH_DIGITS = 15;

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
    length = value;
  }
  head.contentLength = length;
  head.framing = length === 0 ? FRAMING.none : FRAMING.length;
  return null;
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
    const value = head.valueAt(head.indexOf(FIELD.transferEncoding));
    if (value === 'chunked') return null;
  }
  const codings = listItems(head.values(FIELD.transferEncoding));
  if (codings.includes('')) return faults.emptyCoding;
  if (codings.at(-1) !== 'chunked' || codings.indexOf('chunked') !== codings.length - 1) return faults.chunkedNotLast;
  return codings.length === 1 ? null : faults.unknownCoding;
}
