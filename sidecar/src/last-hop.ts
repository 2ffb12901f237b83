import { connectionLine } from './connection-line.ts';
import type { Exchange } from './exchange.ts';
import { ALLOWED } from './refusal-message.ts';
import { STRIDE } from './wire/message-head.ts';
import type { RequestHead } from './wire/request-head.ts';

/** Fields that a TRACE does not show to whoever reads the answer (RFC 9110 §9.3.8). */
const secret = new Set(['authorization', 'proxy-authorization', 'cookie']);

/**
 * The answer to an OPTIONS or TRACE whose `Max-Forwards` is used up: it ends here, and the sidecar answers as the final
 * recipient (RFC 9110 §7.6.2). OPTIONS tells the methods that pass; TRACE shows the request as it came.
 */
export function lastHopAnswer(exchange: Exchange, date: string): string {
  const { head, method } = exchange;
  const body = method === 'TRACE' ? traced(head) : '';
  const lines = `HTTP/1.1 200 OK\r\nDate: ${date}\r\nContent-Length: ${body.length}\r\n`;
  const what = method === 'TRACE' ? 'Content-Type: message/http\r\n' : `Allow: ${ALLOWED}\r\n`;
  return `${lines}${what}${connectionLine(exchange)}\r\n${body}`;
}

function traced(head: RequestHead): string {
  const { bytes, fields, start, fieldsStart, count, end } = head;
  let text = bytes.toString('latin1', start, fieldsStart);
  for (let at = 0; at < count * STRIDE; at += STRIDE) {
    const name = bytes.toString('latin1', fields[at], fields[at + 1]).toLowerCase();
    const lineEnd = at + STRIDE < count * STRIDE ? fields[at + STRIDE] : end - 2;
    if (!secret.has(name)) text += bytes.toString('latin1', fields[at], lineEnd);
  }
  return `${text}\r\n`;
}
