import { refusals, type Refusal } from '../refusals.ts';

/** Why a message was refused by the codec: which refusal it is, and what exactly was wrong, for the log and the problem's `detail`. */
export interface WireFault {
  readonly refusal: Refusal;
  readonly detail: string;
}

const bad = (detail: string): WireFault => ({ refusal: refusals.badRequest, detail });

/** Each fault is a constant: an attack allocates nothing. On an answer every one of them means `upstream-protocol`. */
export const faults = {
  bareLineFeed: bad('a line ends with LF without CR (RFC 9112 §2.2)'),
  bareCarriageReturn: bad('CR without LF (RFC 9112 §2.2)'),
  obsFold: bad('a field line is folded (RFC 9112 §5.2)'),
  spaceBeforeColon: bad('white space between a field name and its colon (RFC 9112 §5.1)'),
  fieldName: bad('a field name is empty or has an invalid byte (RFC 9110 §5.1)'),
  fieldValue: bad('a field value has an invalid byte (RFC 9110 §5.5)'),
  method: bad('the method is not a token (RFC 9110 §9.1)'),
  requestLine: bad('the request line is not "method SP target SP version" (RFC 9112 §3)'),
  target: bad('the request target has an invalid byte or form (RFC 9112 §3.2)'),
  version: bad('the version is not HTTP/digit.digit (RFC 9112 §2.3)'),
  statusLine: bad('the status line is not "version SP status SP reason" (RFC 9112 §4)'),
  hostMissing: bad('Host is missing (RFC 9112 §3.2)'),
  hostRepeated: bad('Host stands more than once (RFC 9112 §3.2)'),
  hostInvalid: bad('Host is not a host with an optional port (RFC 9110 §7.2)'),
  contentLength: bad('Content-Length is not a number of bytes (RFC 9110 §8.6)'),
  contentLengthDiffers: bad('Content-Length repeats with different values (RFC 9112 §6.3)'),
  lengthAndCoding: bad('Content-Length together with Transfer-Encoding (RFC 9112 §6.1)'),
  codingInOldVersion: bad('Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)'),
  chunkedNotLast: bad('chunked is not the last transfer coding, or stands twice (RFC 9112 §6.1)'),
  emptyCoding: bad('an empty item in the list of transfer codings (RFC 9110 §5.6.1)'),
  chunkSize: bad('a chunk size is not hexadecimal or too large (RFC 9112 §7.1)'),
  chunkExtension: bad('a chunk extension is invalid or too long (RFC 9112 §7.1.1)'),
  chunkEnd: bad('a chunk does not end with CR LF (RFC 9112 §7.1)'),
  trailer: bad('a trailer field is invalid or not allowed there (RFC 9110 §6.5.1)'),
  trailersTooLong: bad('the trailer section is too long'),
  maxForwards: bad('Max-Forwards is not a number (RFC 9110 §7.6.2)'),
  unknownCoding: { refusal: refusals.notImplemented, detail: 'an unknown transfer coding (RFC 9112 §6.1)' },
  versionNotSupported: { refusal: refusals.versionNotSupported, detail: 'only HTTP/1.x is spoken here' },
  headTooLarge: { refusal: refusals.headTooLarge, detail: 'the head has more than 64 KiB or 100 fields' },
  targetTooLong: { refusal: refusals.targetTooLong, detail: 'the request target has more than 16 KiB' },
  expectation: { refusal: refusals.expectationFailed, detail: 'Expect is not 100-continue (RFC 9110 §10.1.1)' },
  connect: { refusal: refusals.methodNotAllowed, detail: 'CONNECT is refused on the inbound side' },
  loop: { refusal: refusals.loopDetected, detail: 'Via names this sidecar more than twice (RFC 9110 §7.6.3)' },
} as const satisfies Record<string, WireFault>;
