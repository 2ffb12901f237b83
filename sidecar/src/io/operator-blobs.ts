import type { Random, Timers } from '@fusebox/api/clock.ts';
import type { Blobs } from '@fusebox/api/config-values.ts';
import { digestOfBytes } from '@fusebox/api/digest.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { request } from 'undici';
import { reconnectDelayMs } from '../rules/reconnect-delay.ts';
import type { OperatorAccess } from './operator-credentials.ts';

/** An operator that is behind waits up to 5 s before it answers. */
const ANSWER_MS = 10_000;

/** Fetched at once (count). */
const PLACES = 4;

interface OperatorBlobsOptions {
  /** Base URL of the operator. */
  url: URL;
  /** null: there is no stream, so there is nobody to ask. */
  access: () => OperatorAccess | null;
  timers: Timers;
  random: Random;
  /** What is here already. */
  kept: Blobs;
}

/** The values that a snapshot names, by key. */
type Named = NonNullable<Snapshot['configBlobs']>;

/** Fetches values by digest, each once, and keeps them as long as somebody needs them. */
export class OperatorBlobs {
  private readonly options: OperatorBlobsOptions;
  private kept: Map<string, Uint8Array>;

  constructor(options: OperatorBlobsOptions) {
    this.options = options;
    this.kept = new Map(options.kept);
  }

  /** The bytes of these values; null: some are missing. */
  of(named: Named): Blobs | null {
    const blobs = new Map<string, Uint8Array>();
    for (const { digest } of Object.values(named)) {
      const bytes = this.kept.get(digest);
      if (bytes === undefined) return null;
      blobs.set(digest, bytes);
    }
    return blobs;
  }

  /** Drops what none of these names. */
  keepOnly(named: readonly Named[]): void {
    const wanted = new Set(named.flatMap((one) => Object.values(one).map(({ digest }) => digest)));
    for (const digest of this.kept.keys()) if (!wanted.has(digest)) this.kept.delete(digest);
  }

  /**
   * Fetches what is missing, again and again until all is here or `signal` ends it. `revision` is that of the event that
   * named them: a replica that has not seen as much waits. `onFailure` is told which key failed, and why. Never rejects.
   */
  async fetch(named: Named, task: FetchTask): Promise<void> {
    const { timers, random } = this.options;
    for (let failures = 1; !task.signal.aborted; failures += 1) {
      // One key stands for all with the same value.
      const missing = new Map(
        Object.entries(named).map(([key, { digest, sizeBytes }]) => [digest, { key, sizeBytes }]),
      );
      for (const digest of this.kept.keys()) missing.delete(digest);
      if (missing.size === 0) return;
      await this.fetchSome([...missing], task);
      if (this.of(named) === null) await pause(reconnectDelayMs(failures, random), timers, task.signal);
    }
  }

  /** One try for each. */
  private async fetchSome(
    waiting: [digest: string, { key: string; sizeBytes: number }][],
    task: FetchTask,
  ): Promise<void> {
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !task.signal.aborted; next = waiting.shift()) {
        const [digest, { key, sizeBytes }] = next;
        try {
          this.kept.set(digest, await this.fetchOne(digest, sizeBytes, task));
        } catch (error) {
          task.onFailure(key, error instanceof Error ? error.message : String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: PLACES }, work));
  }

  private async fetchOne(digest: string, sizeBytes: number, { revision, signal }: FetchTask): Promise<Uint8Array> {
    const access = this.options.access();
    if (access === null) throw new Error('there is no connection to the operator');
    const { statusCode, body } = await request(new URL(`/v1/blobs/${digest}`, this.options.url), {
      dispatcher: access.agent,
      signal,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      headers: { authorization: `Bearer ${access.token}`, 'last-event-id': revision },
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`the operator answers ${statusCode}`);
    }
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      length += piece.length;
      if (length > sizeBytes) throw new Error(`the operator sends more than ${sizeBytes} bytes`);
    }
    const bytes = Buffer.concat(pieces);
    if (digestOfBytes(bytes) !== digest) throw new Error('what the operator sends has another digest');
    return bytes;
  }
}

interface FetchTask {
  revision: string;
  signal: AbortSignal;
  onFailure: (key: string, why: string) => void;
}

function pause(delayMs: number, timers: Timers, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = timers.after(delayMs, done);
    signal.addEventListener('abort', done);
  });
}
