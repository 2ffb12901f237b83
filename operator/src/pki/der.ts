/** The few forms of DER (ITU-T X.690) that a certificate is made of. Each function gives one whole element: tag, length, content. */

function element(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const digits = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, body]);
}

/** SEQUENCE. */
export const sequence = (...content: readonly Buffer[]): Buffer => element(0x30, ...content);

/** SET. */
export const set = (...content: readonly Buffer[]): Buffer => element(0x31, ...content);

/** INTEGER of these bytes, which are read as a number above zero. */
export function integer(bytes: Buffer): Buffer {
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0)); // the shortest form is the only one
  return element(0x02, digits[0]! < 0x80 ? digits : Buffer.concat([Buffer.from([0]), digits]));
}

/** BOOLEAN, true. (DER leaves out what equals its default, and that is false wherever certificates have one.) */
export const yes = (): Buffer => element(0x01, Buffer.from([0xff]));

/** UTF8String. */
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));

/** OCTET STRING around an element. */
export const octets = (content: Buffer): Buffer => element(0x04, content);

/** BIT STRING; the last `unusedBits` of it do not count. */
export const bits = (content: Buffer, unusedBits = 0): Buffer => element(0x03, Buffer.from([unusedBits]), content);

/** GeneralizedTime or, up to 2049, UTCTime: what RFC 5280 §4.1.2.5 asks for. */
export function time(wallMs: number): Buffer {
  // oxlint-disable-next-line no-restricted-globals -- writes a time that is an argument
  const digits = new Date(wallMs).toISOString().replace(/\.\d+|[-:T]/g, '');
  return digits < '2050' ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}

/** A context-specific element: its tag's number, and whether elements or plain bytes are inside. */
export const tagged = (number: number, inside: 'elements' | 'bytes', content: Buffer): Buffer =>
  element(0x80 | (inside === 'elements' ? 0x20 : 0) | number, content);

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}
