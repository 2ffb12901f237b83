/** Whole connections by the reference parser: requests one behind the other, answers one behind the other. */
import {
  readAnswer,
  readChunked,
  readRequest,
  type ReferenceAnswer,
  type ReferenceRequest,
} from '@fusebox/sidecar/wire/reference-parser.fixture.ts';

/** A request as a service behind the sidecar has to read it. */
export interface StreamRequest {
  readonly head: ReferenceRequest;
  readonly method: string;
  /** As it is forwarded: the authority of an absolute-form has gone to `host`. */
  readonly target: string;
  /** Null: the client named none (HTTP/1.0). */
  readonly host: string | null;
  /** Places in the stream; `end` is null when the body has not come whole, or is not valid. */
  readonly bodyFrom: number;
  readonly end: number | null;
  readonly data: string;
}

export interface RequestStream {
  /** Of the last one the body may be incomplete or invalid. */
  readonly requests: readonly StreamRequest[];
  /** Status by which what follows them is refused; null: nothing is, as far as it came. */
  readonly refused: number | null;
  /** Behind the last request that came whole. */
  readonly rest: string;
}

const hasHead = (text: string): boolean => text.indexOf('\r\n\r\n', text.startsWith('\r\n') ? 2 : 0) >= 0;

/** Value of the first field with this name (lower case); null when there is none. */
export const valueOf = (fields: ReferenceRequest['fields'], name: string): string | null =>
  fields.find((field) => field.name === name)?.value ?? null;

/** Target and host as RFC 9112 §3.2.2 has them forwarded. */
function forwardedPlace({ method, target, fields }: ReferenceRequest): { target: string; host: string | null } {
  const [, authority, path] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? [];
  if (path === undefined) return { target, host: valueOf(fields, 'host') };
  const isAsterisk = path === '' && method === 'OPTIONS';
  return { target: isAsterisk ? '*' : path.replace(/^(?!\/)/, '/'), host: authority! };
}

/** All requests in what was sent on a connection, up to the one behind which it is a tunnel. */
export function readRequests(
  text: string,
  isTunnel: (request: StreamRequest, index: number) => boolean = () => false,
): RequestStream {
  const requests: StreamRequest[] = [];
  let at = 0;
  while (hasHead(text.slice(at))) {
    const head = readRequest(text.slice(at));
    if (typeof head === 'number') return { requests, refused: head, rest: text.slice(at) };
    const bodyFrom = at + head.end;
    const { data, length } = readBody(text.slice(bodyFrom), head.framing);
    const end = length === null ? null : bodyFrom + length;
    requests.push({ head, method: head.method, ...forwardedPlace(head), bodyFrom, end, data });
    if (end === null) return { requests, refused: null, rest: '' };
    at = end;
    if (isTunnel(requests.at(-1)!, requests.length - 1)) break;
  }
  return { requests, refused: null, rest: text.slice(at) };
}

function readBody(text: string, framing: 'chunked' | number): { data: string; length: number | null } {
  if (framing === 'chunked') {
    const body = readChunked(text);
    return body === null ? { data: '', length: null } : { data: body.data, length: body.end };
  }
  return { data: text.slice(0, framing), length: text.length < framing ? null : framing };
}

/** A final answer, with what went before it. */
export interface StreamAnswer {
  readonly head: ReferenceAnswer;
  readonly interim: readonly ReferenceAnswer[];
  /** Where its body begins, and the place behind it; `end` is null when it did not come whole, or is not valid. */
  readonly bodyFrom: number;
  readonly end: number | null;
  readonly data: string;
}

/** A tunnel may follow this request (RFC 9110 §7.8). */
export const asksForUpgrade = ({ head: { fields, minor, framing } }: StreamRequest): boolean =>
  valueOf(fields, 'upgrade') !== null &&
  minor === 1 &&
  framing === 0 &&
  !fields.some(({ name, value }) => name === 'upgrade' && /(?:^|,)[ \t]*(?:h2|h3|http|tls)/i.test(value)) &&
  fields.some(({ name, value }) => name === 'connection' && /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(value));

/** What stands first in what a service sent: an answer, `null` when it is none, `incomplete` when its head has not come whole. */
export type FirstAnswer = StreamAnswer | null | 'incomplete';

export interface AnswerContext {
  readonly method: string;
  /** The request asked for another protocol, so that 101 is a final answer. */
  readonly upgrades: boolean;
  /** The connection was ended in order behind the text. */
  readonly ended: boolean;
}

export function firstAnswer(text: string, { method, upgrades, ended }: AnswerContext): FirstAnswer {
  const interim: ReferenceAnswer[] = [];
  for (let at = 0; ;) {
    const rest = text.slice(at);
    if (rest.indexOf('\r\n\r\n') < 0) return 'incomplete';
    const head = readAnswer(rest);
    if (head === null) return null;
    at += head.end;
    if (head.status < 200 && !(head.status === 101 && upgrades)) {
      if (head.status === 101) return null;
      interim.push(head);
      continue;
    }
    const isTunnel = head.status === 101;
    const framing = isTunnel ? 'close' : method === 'HEAD' ? 0 : head.framing;
    const body = text.slice(at);
    if (framing === 'close') return { head, interim, bodyFrom: at, end: ended ? text.length : null, data: body };
    const { data, length } = readBody(body, framing);
    return { head, interim, bodyFrom: at, end: length === null ? null : at + length, data };
  }
}
