import { chunkedBodies } from '@fusebox/sidecar/wire/chunked-bodies.fixture.ts';
import { requestHeads } from '@fusebox/sidecar/wire/request-heads.fixture.ts';
import { responseHeads } from '@fusebox/sidecar/wire/response-heads.fixture.ts';
import type { Chance } from './chance.ts';
import { mutated } from './mutate.ts';

const CHUNKED_POST = 'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const CHUNKED_ANSWER = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
/** Longer examples are about limits, which the unit tests look at. */
const SHORT_BYTES = 1_000;

const isShort = (text: string): boolean => text.length < SHORT_BYTES;

/** What the mutation of requests begins with. */
export const requestSeeds: readonly string[] = [
  ...requestHeads.map(([, text]) => text),
  ...chunkedBodies.map(([, text]) => CHUNKED_POST + text),
  'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhelloGET /n HTTP/1.1\r\nHost: b\r\n\r\n',
  'PUT /p HTTP/1.0\r\ncontent-length: 005\r\nConnection: keep-alive\r\n\r\nhello',
  'GET /w HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\nTE: trailers, gzip\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
].filter(isShort);

/** What the mutation of answers begins with. */
export const answerSeeds: readonly string[] = [
  ...responseHeads.map(([, text]) => text),
  ...chunkedBodies.map(([, text]) => CHUNKED_ANSWER + text),
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nto the end',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi',
].filter(isShort);

/** Texts that grow by those that showed something new. */
export class Corpus {
  private readonly seeds: readonly string[];
  private readonly grown: string[] = [];
  private readonly signatures = new Set<number>();
  private next = 0;

  constructor(seeds: readonly string[]) {
    this.seeds = seeds;
  }

  /** A new text to try: what has grown is one half, the examples that it grew from the other. */
  draw(chance: Chance): string {
    const from = this.grown.length > 0 && chance.oneIn(2) ? this.grown : this.seeds;
    return mutated(chance.pick(from), chance, from);
  }

  /** Different behaviours seen (count). */
  get seen(): number {
    return this.signatures.size;
  }

  /** Keeps the text if nothing before it had this signature: what the parser was in the middle of, and what it said. */
  offer(text: string, signature: number): void {
    if (this.signatures.has(signature)) return;
    this.signatures.add(signature);
    if (text.length > SHORT_BYTES) return;
    this.grown[this.next] = text;
    // Full: the oldest gives way.
    this.next = (this.next + 1) % MAX_GROWN;
  }
}

const MAX_GROWN = 5_000;
