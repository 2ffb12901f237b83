/**
 * Flags from a server, such as a sidecar, by the OpenFeature Remote Evaluation Protocol. All flags are asked for at once
 * and kept; the server's stream of changes says when to ask again, so that a change holds within milliseconds and no
 * request waits for an evaluation. A server without a stream is polled. While it is away, the last values hold.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isEvaluationFailureResponse,
  isEvaluationSuccessResponse,
  OFREPApi,
  toResolutionDetails,
  type EvaluationResponse,
} from '@openfeature/ofrep-core';
import type { ErrorCode } from '@openfeature/server-sdk';
import { Agent, fetch } from 'undici';
import type { Log } from '../log.ts';
import type { FlagAnswer, FlagListener, FlagSource } from './table-provider.ts';

export interface OfrepOptions {
  /** Base URL of the server. */
  url: string;
  /** On whose behalf all flags are evaluated: a fraction may be of instances. */
  targetingKey: string;
  /** How often to ask a server that has no stream (ms). Asked for each time. */
  pollMs: () => number;
  log: Log;
  /** Whether the server answers, whenever that changes. */
  onUp: (up: boolean) => void;
  /** A draw from [0, 1). */
  random: () => number;
}

const answerMs = 1_000;
/** A stream that says nothing for so long, not even that it is still there, is taken for dead. */
const silenceMs = 45_000;
const minRetryMs = 50;
const maxRetryMs = 2_000;

/** What a server says beside the flags. Of the protocol's version 0.3; `ofrep-core` does not know it yet. */
interface Streams {
  eventStreams?: { type: string; url: string }[];
}

class OfrepFlags implements FlagSource {
  readonly name = 'ofrep';
  readonly #options: OfrepOptions;
  readonly #api: OFREPApi;
  readonly #ending = new AbortController();
  #etag: string | null = null;
  #stream: string | null = null;
  #up: boolean | null = null;

  constructor(options: OfrepOptions) {
    this.#options = options;
    this.#api = new OFREPApi(options.url.replace(/\/+$/, ''));
  }

  async start(listener: FlagListener): Promise<void> {
    try {
      await this.#refresh(listener);
    } catch (error) {
      this.#lost(listener, error);
      throw error;
    } finally {
      void this.#follow(listener);
    }
  }

  stop(): void {
    this.#ending.abort();
  }

  async #follow(listener: FlagListener): Promise<void> {
    for (let failures = 0; !this.#ending.signal.aborted;) {
      try {
        await this.#refresh(listener);
        failures = 0;
        await this.#pause(await this.#listen(listener));
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#lost(listener, error);
        const ceilingMs = Math.min(maxRetryMs, minRetryMs * 2 ** failures);
        failures += 1;
        await this.#pause(ceilingMs * (0.5 + this.#options.random() / 2));
      }
    }
  }

  /** Follows the stream of changes to its end. Answers how long to wait before asking again (ms). */
  async #listen(listener: FlagListener): Promise<number> {
    if (this.#stream === null) return this.#options.pollMs();
    let opened = false;
    try {
      for await (const _ of changes(this.#stream, this.#ending.signal)) {
        opened = true;
        await this.#refresh(listener);
      }
    } catch {
      // Whether the server is away is found when it is asked again.
    }
    return opened ? minRetryMs : this.#options.pollMs();
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => {});
  }

  /** Asks for all flags, and tells them if they are others than before. */
  async #refresh(listener: FlagListener): Promise<void> {
    const { httpStatus, httpResponse, value } = await this.#api.postBulkEvaluateFlags(
      { context: { targetingKey: this.#options.targetingKey } },
      {
        headers: this.#etag === null ? {} : { 'if-none-match': this.#etag },
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(answerMs)]),
      },
    );
    if (httpStatus !== 304 && httpStatus !== 200) throw new Error(`the server answers ${httpStatus}`);
    if (httpStatus === 200) {
      const { flags = [], eventStreams = [] } = value as { flags?: EvaluationResponse[] } & Streams;
      const stream = eventStreams.find(({ type }) => type === 'sse');
      this.#stream = stream === undefined ? null : new URL(stream.url, httpResponse.url).href;
      this.#etag = httpResponse.headers.get('etag');
      listener.replace(new Map(flags.flatMap(entry)));
    }
    if (this.#up === true) return;
    if (this.#up === false) this.#options.log.info('the server of flags is back');
    this.#up = true;
    this.#options.onUp(true);
  }

  #lost(listener: FlagListener, error: unknown): void {
    // What it says next counts in full, also if it is what it said before.
    this.#etag = null;
    if (this.#up === false) return;
    this.#up = false;
    this.#options.onUp(false);
    this.#options.log.warn('the server of flags is away, its last values hold', { error });
    listener.lost();
  }
}

/** Flags from the server at `url`. */
export const ofrepFlags = (options: OfrepOptions): FlagSource => new OfrepFlags(options);

function entry(response: EvaluationResponse): [string, FlagAnswer][] {
  if (isEvaluationFailureResponse(response)) {
    const { key, errorCode, errorDetails = '' } = response;
    return [[key, { errorCode: errorCode as unknown as ErrorCode, errorMessage: errorDetails }]];
  }
  if (!isEvaluationSuccessResponse(response) || response.key === undefined) return [];
  return [[response.key, toResolutionDetails(response)]];
}

const patient = new Agent({ headersTimeout: answerMs, bodyTimeout: silenceMs });

/** Yields when the stream is open, since something may have changed before, and at each change. Ends with the stream. */
async function* changes(url: string, signal: AbortSignal): AsyncGenerator<void> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal, dispatcher: patient });
  if (!response.ok || response.body === null) throw new Error(`the stream of changes answers ${response.status}`);
  yield;
  let text = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = text.split('\n');
    text = lines.pop()!;
    // What an event says does not matter: it is time to ask.
    if (lines.some((line) => line.startsWith('data:'))) yield;
  }
}
