/** Requests and answers, before anybody knows what they mean. */
import { type Dispatcher, request } from 'undici';
import type { Connection } from './connection.ts';
import { errorOfAnswer, errorOfSilence, KubeError } from './kube-error.ts';
import { LineSplitter } from './line-splitter.ts';

/** Within this time (ms) the head of an answer must be there, and the body of any answer but a watch. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface Sending {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: object;
  /** Of the body. Default: `application/json`. */
  type?: string;
  signal?: AbortSignal;
}

export class Transport {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** One request and its answer as JSON; `what` is for messages. @throws KubeError */
  async call<T>(what: string, sending: Sending): Promise<T> {
    const answer = await this.#send(what, { ...sending, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const body = parsed(await textOf(what, answer));
    if (answer.statusCode >= 300) throw errorOfAnswer(what, answer.statusCode, body);
    return body as T;
  }

  /** An answer that comes line by line, until the server ends it. What `onLine` throws ends it, too. @throws KubeError */
  async lines(
    what: string,
    sending: Sending,
    { onOpen, onLine }: { onOpen(): void; onLine(line: string): void },
  ): Promise<void> {
    const answer = await this.#send(what, sending);
    if (answer.statusCode !== 200) {
      throw errorOfAnswer(what, answer.statusCode, parsed(await textOf(what, answer)));
    }
    onOpen();
    const splitter = new LineSplitter(onLine);
    try {
      for await (const chunk of answer.body) splitter.take(chunk as Buffer);
    } catch (error) {
      throw error instanceof KubeError ? error : errorOfSilence(what, error);
    }
  }

  async #send(
    what: string,
    { method, path, query = {}, body, type = 'application/json', signal }: Sending,
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.#connection.server + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    try {
      const { dispatcher, headers } = await this.#connection.open();
      return await request(url, {
        method,
        dispatcher,
        headersTimeout: ANSWER_TIMEOUT_MS,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': 'fusebox-operator',
          ...(body !== undefined && { 'content-type': type }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      });
    } catch (error) {
      throw errorOfSilence(what, error);
    }
  }
}

async function textOf(what: string, answer: Dispatcher.ResponseData): Promise<string> {
  try {
    return await answer.body.text();
  } catch (error) {
    throw errorOfSilence(what, error);
  }
}

/** JSON as a value; any other text as itself. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
