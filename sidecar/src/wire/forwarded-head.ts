/**
 * A head as it is passed on: the lines that are nobody's business but the next hop's are left out, the sidecar's own are
 * added at the end, and all others stay as they came, in order, case and bytes (RFC 9110 §7.6). Only the fields that delimit
 * the body are said anew where they came in an unusual spelling.
 */
import { CLOSE, connectionOptions, fieldsNamedForThisHop, KEEP_ALIVE } from './connection-options.ts';
import { FIELD } from './known-fields.ts';
import { FRAMING, STRIDE, type MessageHead } from './message-head.ts';
import { listItems } from './list-items.ts';
import { VERSION_LENGTH, type RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** The digit 1 that ends `HTTP/1.1`. */
const ONE = 0x31;

const bit = (...ids: number[]): number => ids.reduce((mask, id) => mask | (1 << id), 0);

/** RFC 9110 §7.6.1 and §11.7: for one hop only. `TE` and `Upgrade` come back by other means where they are kept. */
const HOP = bit(
  FIELD.connection,
  FIELD.keepAlive,
  FIELD.proxyConnection,
  FIELD.proxyAuthenticate,
  FIELD.proxyAuthorization,
  FIELD.te,
  FIELD.upgrade,
);

const FRAMING_FIELDS = bit(FIELD.contentLength, FIELD.transferEncoding);

const plainFraming = (head: MessageHead): string =>
  head.has(FIELD.transferEncoding) ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${head.contentLength}\r\n`;

/** RFC 9110 §15.2.2. */
export const SWITCHING_PROTOCOLS = 101;

/** What the sidecar says of a request beyond what the client said. */
export interface RequestEdits {
  /** Whole lines with CR LF: `Via`, `traceparent`, … */
  readonly added: string;
  /** Bits `1 << id` of the fields that `added` replaces. */
  readonly replaced: number;
  /** The service's authority, for a client of HTTP/1.0 that named none. */
  readonly authority: string;
}

/** The head of the request for the service, always HTTP/1.1, with the empty line at its end. */
export function forwardedRequest(head: RequestHead, edits: RequestEdits): string {
  let dropped = HOP | edits.replaced;
  let added = edits.added;
  if (!head.plainFraming) {
    dropped |= FRAMING_FIELDS;
    added += plainFraming(head);
  }
  if (head.upgrades) {
    dropped &= ~bit(FIELD.upgrade);
    added += 'Connection: upgrade\r\n';
  }
  if (head.has(FIELD.te) && acceptsTrailers(head)) added += 'TE: trailers\r\nConnection: TE\r\n';
  if (head.maxForwards > 0) {
    dropped |= bit(FIELD.maxForwards);
    added += `Max-Forwards: ${head.maxForwards - 1}\r\n`;
  }
  if (head.has(FIELD.expect) && !head.expectsContinue) dropped |= bit(FIELD.expect);
  if (head.form === 'absolute') {
    dropped |= bit(FIELD.host);
    added += `Host: ${head.bytes.toString('latin1', head.authorityStart, head.pathStart)}\r\n`;
  } else if (!head.has(FIELD.host)) {
    added += `Host: ${edits.authority}\r\n`;
  }
  // RFC 9110 §2.5: the version passed on is our own, also for a client of some HTTP/1.2.
  if (head.form === 'absolute' || head.bytes[head.targetEnd + VERSION_LENGTH] !== ONE)
    return `${requestLine(head)}${kept(head, head.fieldsStart, dropped)}${added}\r\n`;
  return `${kept(head, head.start, dropped)}${added}\r\n`;
}

/** RFC 9112 §3.2.2: the service is told the path; the authority goes to Host. */
function requestLine(head: RequestHead): string {
  const { bytes, pathStart, targetEnd } = head;
  let target = bytes.toString('latin1', pathStart, targetEnd);
  if (head.form === 'absolute' && !target.startsWith('/')) {
    target = target === '' && head.method === 'OPTIONS' ? '*' : `/${target}`;
  }
  return `${head.method} ${target} HTTP/1.1\r\n`;
}

const acceptsTrailers = (head: RequestHead): boolean => listItems(head.values(FIELD.te)).includes('trailers');

/** What the sidecar says of an answer beyond what the service said. */
export interface AnswerEdits {
  /** Whole lines with CR LF. */
  readonly added: string;
  /** Minor version that the client speaks (0 or 1). */
  readonly clientMinor: number;
  /** For `Date` where the service sent none (RFC 9110 §6.6.1). */
  readonly date: string;
}

/** The head of the answer for the client, with the empty line at its end. */
export function forwardedAnswer(head: ResponseHead, edits: AnswerEdits): string {
  let dropped = HOP;
  // RFC 9110 §8.6, RFC 9112 §6.1: neither may stand in an interim answer or a 204.
  if (head.isInterim || head.status === 204) dropped |= FRAMING_FIELDS;
  if (edits.clientMinor === 0) dropped |= bit(FIELD.transferEncoding, FIELD.trailer);
  let added = edits.added;
  if (!head.plainFraming) {
    if ((head.seen & FRAMING_FIELDS & dropped) === 0) added += plainFraming(head);
    dropped |= FRAMING_FIELDS;
  }
  if (head.status === SWITCHING_PROTOCOLS) {
    dropped &= ~bit(FIELD.upgrade);
    added += 'Connection: upgrade\r\n';
  }
  if (!head.isInterim && !head.has(FIELD.date)) added += `Date: ${edits.date}\r\n`;
  const versionEnd = head.start + VERSION_LENGTH;
  if (head.bytes[versionEnd - 1] === ONE) return `${kept(head, head.start, dropped)}${added}\r\n`;
  const rest = head.bytes.toString('latin1', versionEnd, head.fieldsStart);
  return `HTTP/1.1${rest}${kept(head, head.fieldsStart, dropped)}${added}\r\n`;
}

/** The bytes from `from` to the empty line, less the lines whose id is in `dropped` or that `Connection` names (RFC 9110 §7.6.1). */
function kept(head: MessageHead, from: number, dropped: number): string {
  const { bytes, fields, count } = head;
  const lastByte = head.end - 2;
  const named = head.has(FIELD.connection) ? fieldsNamedForThisHop(head) : null;
  if ((head.seen & dropped) === 0 && named === null) return bytes.toString('latin1', from, lastByte);
  let text = '';
  let rangeStart = from;
  for (let index = 0; index < count; index++) {
    const at = index * STRIDE;
    const id = fields[at + 4]!;
    if ((dropped & (1 << id)) === 0 && (named === null || !named.has(head.nameAt(index)))) continue;
    if (fields[at]! > rangeStart) text += bytes.toString('latin1', rangeStart, fields[at]);
    rangeStart = index + 1 < count ? fields[at + STRIDE]! : lastByte;
  }
  return rangeStart < lastByte ? text + bytes.toString('latin1', rangeStart, lastByte) : text;
}

/** May this connection carry another request after this one? (RFC 9112 §9.3) */
export function isPersistent(head: MessageHead): boolean {
  if (!head.has(FIELD.connection)) return head.minor === 1;
  const options = connectionOptions(head);
  if ((options & CLOSE) !== 0) return false;
  return head.minor === 1 || (options & KEEP_ALIVE) !== 0;
}

/** May this answer be followed by another on the same connection, as far as the answer tells? */
export const allowsReuse = (head: ResponseHead): boolean =>
  head.minor === 1 && head.framing !== FRAMING.close && isPersistent(head);
