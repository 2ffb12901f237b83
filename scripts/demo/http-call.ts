import { request, type Agent, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Whose connections to use; without one, a connection for this call alone. */
  agent?: Agent;
}

const answerMs = 20_000;

/** One call, to the last byte of its answer. @throws Error when the connection breaks, or 20 s pass in silence. */
export function call(url: string, { method = 'GET', headers = {}, body, agent }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: agent ?? false, timeout: answerMs }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(pieces).toString() }),
      );
    });
    sent.once('error', reject);
    sent.once('timeout', () => sent.destroy(new Error(`${url}: no answer in ${answerMs / 1000} s`)));
    sent.end(body);
  });
}
