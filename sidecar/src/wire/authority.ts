import { COLON, HEX_VALUE, HOST } from './byte-classes.ts';

const PERCENT = 0x25;
const LETTER_V = 0x76;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const MAX_PORT_DIGITS = 5;

/** Are `bytes[start, end)` `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2)? The host may be empty, the port too. */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  let position = bytes[start] === BRACKET_OPEN && start < end ? endOfLiteral(bytes, start, end) : start;
  if (position < 0) return false;
  if (position === start) position = endOfName(bytes, start, end);
  if (position === end) return true;
  if (bytes[position++] !== COLON || end - position > MAX_PORT_DIGITS) return false;
  while (position < end && isDigit(bytes[position]!)) position++;
  return position === end;
}

/** Where `reg-name` or an IPv4 address ends. */
function endOfName(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && HOST[bytes[position]!] === 1) {
    if (bytes[position] === PERCENT) {
      if (position + 2 >= end || !isHex(bytes[position + 1]!) || !isHex(bytes[position + 2]!)) return position;
      position += 2;
    }
    position++;
  }
  return position;
}

/** The index after the `]` of an IP literal; -1 when it is none. */
function endOfLiteral(bytes: Uint8Array, start: number, end: number): number {
  const close = bytes.subarray(start, end).indexOf(BRACKET_CLOSE);
  if (close < 0) return -1;
  const text = String.fromCharCode(...bytes.subarray(start + 1, start + Math.min(close, MAX_LITERAL_BYTES)));
  const isLiteral = (bytes[start + 1]! | 0x20) === LETTER_V ? isFutureAddress(text) : isIpv6(text);
  return close <= MAX_LITERAL_BYTES && isLiteral ? start + close + 1 : -1;
}

/** Longer than any address. */
const MAX_LITERAL_BYTES = 64;

const isFutureAddress = (text: string): boolean => /^v[0-9a-f]+\.[-._~!$&'()*+,;=:0-9a-z]+$/i.test(text);

/** RFC 3986 §3.2.2: eight groups of 16 bits, the last two perhaps as an IPv4 address; `::` stands for one group or more. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  let count = 0;
  for (const [half, parts] of groups.entries()) {
    for (const [index, part] of parts.entries()) {
      const isLast = half === groups.length - 1 && index === parts.length - 1;
      if (/^[0-9a-f]{1,4}$/i.test(part)) count += 1;
      else if (isLast && isIpv4(part)) count += 2;
      else return false;
    }
  }
  return halves.length === 2 ? count <= 7 : count === 8;
}

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
};

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean => HEX_VALUE[byte] !== 255;
