import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Access } from './kubeconfig.ts';

const TIMEOUT_MS = 10_000;

/** An answer of the API server. */
export interface Answer {
  status: number;
  /** JSON; a text where it is none, as from `/readyz`. */
  body: unknown;
}

/** A change, as a watch tells it. */
export interface WatchEvent {
  type: string;
  object: { metadata: { name: string } } & Record<string, unknown>;
}

/** The smallest client of an API server that tests can do with: no cache, no retries. */
export class ApiClient {
  readonly #access: Access;
  readonly #agent: Agent;

  constructor(access: Access) {
    const { ca, credentials } = access;
    this.#access = access;
    this.#agent = new Agent({ ca, cert: credentials?.certificate, key: credentials?.key });
  }

  /** Sends one request. A status of 400 or more is an answer like any other. @throws Error when there is no answer within 10 s. */
  async call(method: string, path: string, body?: object, type = 'application/json'): Promise<Answer> {
    const answer = await this.#send(method, path, { signal: AbortSignal.timeout(TIMEOUT_MS), body, type });
    const content = await text(answer);
    const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
    return { status: answer.statusCode!, body: isJson ? JSON.parse(content) : content };
  }

  /** What `kubectl get` would print of a list or an object: its columns, and one row of cells each. */
  async table(path: string): Promise<{ columns: string[]; rows: unknown[][] }> {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const answer = await this.#send('GET', path, { signal: AbortSignal.timeout(TIMEOUT_MS), accept });
    const { columnDefinitions, rows } = JSON.parse(await text(answer)) as {
      columnDefinitions: { name: string; priority: number }[];
      rows: { cells: unknown[] }[];
    };
    return { columns: columnDefinitions.map(({ name }) => name), rows: rows.map(({ cells }) => cells) };
  }

  /** Changes of a list (its path, with `?watch=true…`) until the consumer stops. */
  async *watch(path: string): AsyncGenerator<WatchEvent> {
    const answer = await this.#send('GET', path, {});
    answer.on('error', () => {}); // the end of a watch is no error to whoever ends it
    try {
      for await (const line of createInterface({ input: answer })) yield JSON.parse(line) as WatchEvent;
    } finally {
      answer.destroy();
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, { signal, body, type, accept }: Sending): Promise<IncomingMessage> {
    const { server, token } = this.#access;
    const sent = request(new URL(path, server), {
      agent: this.#agent,
      method,
      signal,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(accept === undefined ? {} : { accept }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  }
}

interface Sending {
  signal?: AbortSignal;
  body?: object | undefined;
  type?: string;
  accept?: string;
}
