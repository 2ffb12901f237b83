import { isAuthority } from './authority.ts';
import { COLON } from './byte-classes.ts';
import { connectionOptions, UPGRADE } from './connection-options.ts';
import { faults, type WireFault } from './faults.ts';
import { FIELD } from './known-fields.ts';
import { listItems } from './list-items.ts';
import { FRAMING, STRIDE } from './message-head.ts';
import { digits, readContentLength, readTransferCoding } from './message-framing.ts';
import type { RequestHead } from './request-head.ts';

const SLASH = 0x2f;
const ASTERISK = 0x2a;
const QUESTION_MARK = 0x3f;
const AT_SIGN = 0x40;

/** The rules for a whole request head that its lines alone do not show; sets its form, framing and expectation. */
export function checkRequest(head: RequestHead): WireFault | null {
  if (isMethod(head, 'CONNECT')) return faults.connect;
  const fault =
    checkTarget(head) ?? checkHost(head) ?? frameRequest(head) ?? checkExpectation(head) ?? checkForwards(head);
  // A body before the tunnel would have to be told apart from what is in it: such a request is served without one.
  head.upgrades =
    head.has(FIELD.upgrade) &&
    head.minor === 1 &&
    head.framing === FRAMING.none &&
    (connectionOptions(head) & UPGRADE) !== 0 &&
    !asksForHttp(head);
  return fault;
}

/**
 * In a tunnel that speaks HTTP again (`h2c`, `HTTP/2.0`, or `TLS/1.2` around it) a client would pass by every rule of this sidecar, request by
 * request. It is not offered to the service; the request is served without it, as RFC 9110 §7.8 allows.
 */
function asksForHttp(head: RequestHead): boolean {
  return listItems(head.values(FIELD.upgrade)).some((protocol) => /^(?:h2|h3|http|tls)/.test(protocol));
}

/** RFC 9110 §7.6.2. For all other methods it means nothing. */
function checkForwards(head: RequestHead): WireFault | null {
  if (!head.has(FIELD.maxForwards) || !(isMethod(head, 'OPTIONS') || isMethod(head, 'TRACE'))) return null;
  if (head.isRepeated(FIELD.maxForwards)) return faults.maxForwards;
  const at = head.indexOf(FIELD.maxForwards) * STRIDE;
  head.maxForwards = digits(head.bytes, head.fields[at + 2]!, head.fields[at + 3]!);
  return head.maxForwards < 0 ? faults.maxForwards : null;
}

/** Methods are case-sensitive (RFC 9110 §9.1). */
export function isMethod(head: RequestHead, method: string): boolean {
  if (head.methodEnd - head.start !== method.length) return false;
  for (let index = 0; index < method.length; index++) {
    if (head.bytes[head.start + index] !== method.charCodeAt(index)) return false;
  }
  return true;
}

/** The four forms of RFC 9112 §3.2, less authority-form. */
function checkTarget(head: RequestHead): WireFault | null {
  const { bytes, targetStart, targetEnd } = head;
  if (bytes[targetStart] === SLASH) {
    head.form = 'origin';
    head.pathStart = targetStart;
    return null;
  }
  if (bytes[targetStart] === ASTERISK && targetEnd - targetStart === 1) {
    head.form = 'asterisk';
    head.pathStart = targetStart;
    return isMethod(head, 'OPTIONS') ? null : faults.target;
  }
  return checkAbsoluteForm(head);
}

function checkAbsoluteForm(head: RequestHead): WireFault | null {
  const { bytes, targetStart, targetEnd } = head;
  const scheme = bytes.toString('latin1', targetStart, Math.min(targetEnd, targetStart + 8)).toLowerCase();
  if (!scheme.startsWith('http://') && scheme !== 'https://') return faults.target;
  head.form = 'absolute';
  head.authorityStart = targetStart + (scheme === 'https://' ? 8 : 7);
  let position = head.authorityStart;
  while (position < targetEnd && bytes[position] !== SLASH && bytes[position] !== QUESTION_MARK) {
    // RFC 9110 §4.2.4: user information in a target is a way to deceive.
    if (bytes[position] === AT_SIGN) return faults.target;
    position++;
  }
  head.pathStart = position;
  // RFC 9110 §4.2.1: without a host it is no http URI.
  const hasHost = position > head.authorityStart && bytes[head.authorityStart] !== COLON;
  return hasHost && isAuthority(bytes, head.authorityStart, position) ? null : faults.target;
}

function checkHost(head: RequestHead): WireFault | null {
  if (!head.has(FIELD.host)) return head.minor === 1 ? faults.hostMissing : null;
  if (head.isRepeated(FIELD.host)) return faults.hostRepeated;
  const at = head.indexOf(FIELD.host) * STRIDE;
  return isAuthority(head.bytes, head.fields[at + 2]!, head.fields[at + 3]!) ? null : faults.hostInvalid;
}

/** RFC 9112 §6.3, the rules for requests. */
function frameRequest(head: RequestHead): WireFault | null {
  if (head.has(FIELD.transferEncoding)) {
    if (head.has(FIELD.contentLength)) return faults.lengthAndCoding;
    if (head.minor === 0) return faults.codingInOldVersion;
    head.framing = FRAMING.chunked;
    return readTransferCoding(head);
  }
  return head.has(FIELD.contentLength) ? readContentLength(head) : null;
}

function checkExpectation(head: RequestHead): WireFault | null {
  if (!head.has(FIELD.expect)) return null;
  const expectations = head.values(FIELD.expect);
  if (expectations.some((value) => value.toLowerCase() !== '100-continue')) return faults.expectation;
  // RFC 9110 §10.1.1: the expectation of an HTTP/1.0 client, and of a request without a body, is ignored.
  head.expectsContinue = head.minor === 1 && head.framing !== FRAMING.none;
  return null;
}
