import type { Random } from '@fusebox/api/clock.ts';
import { connectionLine } from './connection-line.ts';
import type { Exchange } from './exchange.ts';
import { refusals, type Refusal } from './refusals.ts';

/** Where the problem types are explained; the fragment after it is the reason. */
const PROBLEM_TYPES = 'https://fusebox.dev/problems/';
/** Share by which waits are stretched at random, so that those who were refused together do not come back together. */
const RETRY_JITTER = 0.2;
/** The methods that pass, as `Allow` tells them (RFC 9110 §10.2.1); unknown ones pass too. */
export const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
};

/** Refusals as bytes: `application/problem+json` (RFC 9457), `Retry-After`, `Proxy-Status` (RFC 9209), `fusebox-reason`. */
export class RefusalMessages {
  private readonly random: Random;
  /** Head without what differs each time, and the body; made once. */
  private readonly prepared = new Map<Refusal, { head: string; body: string }>();

  /** `pseudonym`: the name of this instance in `Proxy-Status`. */
  constructor(pseudonym: string, random: Random) {
    this.random = random;
    for (const refusal of Object.values<Refusal>(refusals)) {
      const head =
        `HTTP/1.1 ${refusal.status} ${reasonPhrases[refusal.status] ?? ''}\r\n` +
        `fusebox-reason: ${refusal.reason}\r\n` +
        `Proxy-Status: ${pseudonym}; error=${refusal.proxyError}; details="${refusal.reason}"\r\n` +
        'Content-Type: application/problem+json\r\n' +
        (refusal.status === 405 ? `Allow: ${ALLOWED}\r\n` : '');
      this.prepared.set(refusal, { head, body: problem(refusal, null) });
    }
  }

  /** The whole message. */
  render(exchange: Exchange, refusal: Refusal, date: string): string {
    const prepared = this.prepared.get(refusal)!;
    const body = exchange.detail === null ? prepared.body : problem(refusal, exchange.detail);
    let head = `${prepared.head}Content-Length: ${body.length}\r\nDate: ${date}\r\n`;
    if (refusal.retryAfter) head += `Retry-After: ${this.retryAfterSeconds(exchange.retryAfterMs)}\r\n`;
    head += connectionLine(exchange);
    return exchange.method === 'HEAD' ? `${head}\r\n` : `${head}\r\n${body}`;
  }

  /** Whole seconds, never sooner than the wait is over. */
  private retryAfterSeconds(waitMs: number): number {
    return Math.max(1, Math.ceil((waitMs * (1 + RETRY_JITTER * this.random())) / 1000));
  }
}

/** The problem as JSON, in ASCII: its length in characters is that in bytes. */
function problem(refusal: Refusal, detail: string | null): string {
  const fields = { type: PROBLEM_TYPES + refusal.reason, title: refusal.title, status: refusal.status };
  return JSON.stringify(detail === null ? fields : { ...fields, detail }).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
