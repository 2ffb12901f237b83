/**
 * HTTP/1.1 by its grammar, as regular expressions over a latin1 string, nothing fast and nothing shared with the codec: the tests'
 * own idea of what RFC 9112 allows.
 */

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]*';
const QUOTED = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const REG_NAME = "(?:[-._~!$&'()*+,;=0-9A-Za-z]|%[0-9A-Fa-f]{2})*";
const FIELD_LINE = new RegExp(`^(${TOKEN}):[ \\t]*(${VALUE}?)[ \\t]*$`);
/** ADR 0009. */
const TARGET = '[!$-;=?-~]+';
const REQUEST_LINE = new RegExp(`^(${TOKEN}) (${TARGET}) HTTP/(\\d)\\.(\\d)$`);
const STATUS_LINE = new RegExp(`^HTTP/1\\.(\\d) ([1-5]\\d\\d) ${VALUE}$`);
const AUTHORITY = new RegExp(
  `^(${REG_NAME}|\\[(?:[0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\\.[-._~!$&'()*+,;=:0-9A-Za-z]+)\\])(?::\\d{0,5})?$`,
);
const CHUNK_LINE = new RegExp(
  `^([0-9A-Fa-f]{1,12})((?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?)*)$`,
);

interface Field {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** As it came, without its line end. */
  readonly line: string;
}

interface Head {
  readonly fields: readonly Field[];
  /** Index of the first byte behind it. */
  readonly end: number;
}

export interface ReferenceRequest extends Head {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly framing: 'chunked' | number;
}

/** A status where the request is refused. The text holds at least one empty line. */
export function readRequest(text: string): ReferenceRequest | number {
  const start = text.startsWith('\r\n') ? 2 : 0;
  const [first, ...lines] = linesOfHead(text.slice(start));
  const [, method, target, major, minorDigit] = REQUEST_LINE.exec(first!) ?? [];
  if (method === undefined) return 400;
  if (major !== '1') return 505;
  const minor = minorDigit === '0' ? 0 : 1;
  const fields = lines.map(readField);
  // In reading order: the 101st line is judged before it is counted.
  if (fields.slice(0, 101).includes(null)) return 400;
  if (fields.length > 100) return 431;
  const known = fields as Field[];
  const end = text.indexOf('\r\n\r\n', start) + 4;
  if (method === 'CONNECT') return 405;
  const framing = readFraming(known, minor);
  if (!isTarget(method, target!) || !isHost(valuesOf(known, 'host'), minor)) return 400;
  if (framing === 400 || framing === 501) return framing;
  if (valuesOf(known, 'expect').some((each) => each.toLowerCase() !== '100-continue')) return 417;
  const forwards = method === 'OPTIONS' || method === 'TRACE' ? valuesOf(known, 'max-forwards') : [];
  if (forwards.length > 1 || !forwards.every((each) => /^\d{1,15}$/.test(each))) return 400;
  return { method, target: target!, minor, fields: known, end, framing: framing === null ? 0 : framing.body };
}

const isTarget = (method: string, target: string): boolean => {
  if (target === '*') return method === 'OPTIONS';
  const [, authority] = /^https?:\/\/([^/?]*)/i.exec(target) ?? [];
  return target.startsWith('/') || (authority !== undefined && isAuthority(authority, true));
};

const isHost = (hosts: readonly string[], minor: number): boolean =>
  hosts.length === 0 ? minor === 0 : hosts.length === 1 && isAuthority(hosts[0]!, false);

export interface ReferenceAnswer extends Head {
  readonly status: number;
  readonly minor: number;
  readonly framing: 'chunked' | 'close' | number;
}

/** Null where the answer is refused. */
export function readAnswer(text: string): ReferenceAnswer | null {
  const [first, ...lines] = linesOfHead(text);
  const [, minorDigit, status] = STATUS_LINE.exec(first!) ?? [];
  const fields = lines.map(readField);
  if (status === undefined || fields.includes(null) || fields.length > 100) return null;
  const minor = minorDigit === '0' ? 0 : 1;
  const known = fields as Field[];
  const framing = readFraming(known, minor);
  if (typeof framing === 'number') return null;
  const bodiless = /^(1..|204|304)$/.test(status);
  const end = text.indexOf('\r\n\r\n') + 4;
  return {
    status: Number(status),
    minor,
    fields: known,
    end,
    framing: bodiless ? 0 : framing === null ? 'close' : framing.body,
  };
}

/** The data of a chunked body and the index behind it; null when the text does not begin with a whole and valid one. */
export function readChunked(text: string): { data: string; end: number } | null {
  let at = 0;
  let data = '';
  const line = (): string | null => {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return null;
    const found = text.slice(at, end);
    at = end + 2;
    return found;
  };
  for (;;) {
    const [, digits, extension] = CHUNK_LINE.exec(line() ?? '!') ?? [];
    if (digits === undefined || extension!.length > 1_024) return null;
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    if (text.slice(at + size, at + size + 2) !== '\r\n') return null;
    data += text.slice(at, at + size);
    at += size + 2;
  }
  for (;;) {
    const trailer = line();
    if (trailer === null) return null;
    if (trailer === '') return { data, end: at };
    const field = readField(trailer);
    if (field === null || NOT_BEHIND.includes(field.name)) return null;
  }
}

const NOT_BEHIND = (
  'authorization cache-control connection content-encoding content-length content-range content-type cookie expect host ' +
  'keep-alive max-forwards proxy-authenticate proxy-authorization proxy-connection range set-cookie te trailer ' +
  'transfer-encoding upgrade via www-authenticate'
).split(' ');

/** The lines up to the first empty one. LF or CR inside of them are left for the grammar of lines to find. */
const linesOfHead = (text: string): string[] => text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');

const readField = (line: string): Field | null => {
  const [, name, value] = FIELD_LINE.exec(line) ?? [];
  return name === undefined ? null : { name: name.toLowerCase(), value: value!, line };
};

const valuesOf = (fields: readonly Field[], name: string): string[] =>
  fields.filter((field) => field.name === name).map(({ value }) => value);

const isAuthority = (text: string, needsHost: boolean): boolean => {
  const [, name] = AUTHORITY.exec(text) ?? [];
  if (name === undefined || (needsHost && name === '')) return false;
  if (/^\[v/i.test(name)) return true;
  return !name.startsWith('[') || URL.canParse(`http://${name}/`);
};

/** How the fields delimit the body (RFC 9112 §6.3); null: they do not. */
const readFraming = (fields: readonly Field[], minor: number): { body: 'chunked' | number } | 400 | 501 | null => {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  if (codings.length > 0) {
    const list = codings
      .join(',')
      .split(',')
      .map((each) => each.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase());
    if (lengths.length > 0 || minor === 0 || list.includes('')) return 400;
    if (list.pop() !== 'chunked' || list.includes('chunked')) return 400;
    return list.length > 0 ? 501 : { body: 'chunked' };
  }
  if (lengths.length === 0) return null;
  if (!lengths.every((each) => /^\d{1,15}$/.test(each))) return 400;
  const [length, ...others] = new Set(lengths.map(Number));
  return others.length > 0 ? 400 : { body: length! };
};
