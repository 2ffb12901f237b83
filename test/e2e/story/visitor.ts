import { get, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { reachService } from '../reach-service.ts';
import { SHOP } from './world.ts';

/** An answer of the service, or of the sidecar in front of it. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** From the call to the last byte (ms). */
  tookMs: number;
}

/** Why the sidecar refused it; undefined: it did not. */
export const refusalOf = ({ headers }: Answer): unknown => headers['fusebox-reason'];

const PATIENCE_MS = 10_000;

/** Somebody who calls the service from outside, each time over a connection of its own: any pod may answer. */
export interface Visitor extends Disposable {
  url: string;
  ask(path: string, headers?: Record<string, string>): Promise<Answer>;
}

/** A visitor of the sample service. */
export async function visit(): Promise<Visitor> {
  const service = await reachService(SHOP, 'users');
  return {
    url: service.url.replace(/:80$/, ''),
    ask: (path, headers = {}) => ask(`${service.url}${path}`, headers),
    [Symbol.dispose]: () => service[Symbol.dispose](),
  };
}

async function ask(url: string, headers: Record<string, string>): Promise<Answer> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false, timeout: PATIENCE_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, headers: got } = response;
        resolve({ status, headers: got, body, tookMs: performance.now() - startMs });
      });
    });
    request.once('timeout', () => request.destroy(new Error(`${url} did not answer in ${PATIENCE_MS} ms`)));
    request.once('error', reject);
  });
}

const CALLERS = 4;
const PAUSE_MS = 20;

/** Calls the service all the time until it is stopped, and keeps the answers. */
export class Traffic implements AsyncDisposable {
  readonly answers: Answer[] = [];
  readonly #callers: Promise<void>[];
  #isOver = false;

  constructor(visitor: Visitor, path: string) {
    this.#callers = Array.from({ length: CALLERS }, async () => {
      while (!this.#isOver) {
        this.answers.push(await visitor.ask(path));
        await pause(PAUSE_MS);
      }
    });
    // Told to whoever stops it.
    for (const caller of this.#callers) caller.catch(() => (this.#isOver = true));
  }

  /** The newest answers (at most `count`), newest last. */
  newest(count: number): Answer[] {
    return this.answers.slice(-count);
  }

  /** @throws what a caller met instead of an answer */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#callers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#callers);
  }
}
