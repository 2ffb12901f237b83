/**
 * The extensions of a chunk, byte by byte: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112 §7.1.1.
 * White space is allowed around `;` and `=` and nowhere else, so a run of it must lead to one of them.
 */
import { CR, FIELD_VALUE, HTAB, SP, TOKEN } from './byte-classes.ts';

/** States. Where white space after an extension, or after the chunk's size, must lead to the next `;`. */
export const AFTER_EXTENSION = 0;
const NAME_FIRST = 1;
const NAME = 2;
const AFTER_NAME = 3;
const VALUE_FIRST = 4;
const VALUE = 5;
const QUOTED = 6;
const ESCAPED = 7;
const AFTER_QUOTED = 8;
/** CR has come where it may. */
export const EXTENSION_ENDED = 9;
/** The byte may not stand there. */
export const EXTENSION_FAULT = 255;

const ENDED = EXTENSION_ENDED;
const FAULT = EXTENSION_FAULT;

/** Kinds of bytes: the columns of the table below, in its order. `TEXT` may stand in quotes only, `OTHER` nowhere. */
const SPACE = 0;
const TEXT = 6;
const OTHER = 8;
const COLUMNS = 9;

const kindOf = (byte: number): number => {
  if (byte === SP || byte === HTAB) return SPACE;
  const mark = ';="\\'.indexOf(String.fromCharCode(byte));
  if (mark >= 0) return 1 + mark;
  if (TOKEN[byte] === 1) return 5;
  if (byte === CR) return 7;
  return FIELD_VALUE[byte] === 1 ? TEXT : OTHER;
};
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => kindOf(byte));

const rows: Readonly<Record<number, readonly number[]>> = {
  // white space, `;`, `=`, `"`, `\`, tchar, text, CR, other
  [AFTER_EXTENSION]: [AFTER_EXTENSION, NAME_FIRST, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT],
  [NAME_FIRST]: [NAME_FIRST, FAULT, FAULT, FAULT, FAULT, NAME, FAULT, FAULT, FAULT],
  [NAME]: [AFTER_NAME, NAME_FIRST, VALUE_FIRST, FAULT, FAULT, NAME, FAULT, ENDED, FAULT],
  [AFTER_NAME]: [AFTER_NAME, NAME_FIRST, VALUE_FIRST, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT],
  [VALUE_FIRST]: [VALUE_FIRST, FAULT, FAULT, QUOTED, FAULT, VALUE, FAULT, FAULT, FAULT],
  [VALUE]: [AFTER_EXTENSION, NAME_FIRST, FAULT, FAULT, FAULT, VALUE, FAULT, ENDED, FAULT],
  [QUOTED]: [QUOTED, QUOTED, QUOTED, AFTER_QUOTED, ESCAPED, QUOTED, QUOTED, FAULT, FAULT],
  [ESCAPED]: [QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, FAULT, FAULT],
  [AFTER_QUOTED]: [AFTER_EXTENSION, NAME_FIRST, FAULT, FAULT, FAULT, FAULT, FAULT, ENDED, FAULT],
};
/** Rows are in the order of their states. */
const steps = Uint8Array.from(Object.values(rows).flat());

/** The state after `byte`: one below `EXTENSION_ENDED`, or that, or `EXTENSION_FAULT`. */
export const nextInExtension = (state: number, byte: number): number => steps[state * COLUMNS + KIND[byte]!]!;
