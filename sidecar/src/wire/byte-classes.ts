/** Character classes as 256-entry tables (1 = member): one load per byte, no branches on ranges. */

const fromPredicate = (test: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));

const members = (text: string): Set<number> => new Set([...text].map((character) => character.charCodeAt(0)));

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isAlpha = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

const tokenMarks = members("!#$%&'*+-.^_`|~");
/** `tchar`, RFC 9110 §5.6.2: field names and methods. */
export const TOKEN = fromPredicate((byte) => isDigit(byte) || isAlpha(byte) || tokenMarks.has(byte));

/** `field-content` with the white space inside it, RFC 9110 §5.5: HTAB, SP, VCHAR, obs-text. */
export const FIELD_VALUE = fromPredicate((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f));

const targetRefused = members('"<>#');
/** What may stand in a request target: RFC 3986, and the characters that browsers send raw (ADR 0009). */
export const TARGET = fromPredicate((byte) => byte > 0x20 && byte < 0x7f && !targetRefused.has(byte));

const hostMarks = members("-._~!$&'()*+,;=%");
/** `reg-name` and IPv4, RFC 3986 §3.2.2 (a colon and brackets are judged by position). */
export const HOST = fromPredicate((byte) => isDigit(byte) || isAlpha(byte) || hostMarks.has(byte));

/** Value of a hexadecimal digit, 255 for anything else. */
export const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (isDigit(byte)) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 255;
});

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
