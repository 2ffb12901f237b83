/**
 * Sidecars without traffic: each has its own connections, token, stream and reports, by the sidecar's own code for them, but reads of a
 * snapshot only its digest. Started by `light-clients.ts` with an IPC channel.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Report } from '@fusebox/api/report.ts';
import { OperatorReports } from '@fusebox/sidecar/io/operator-reports.ts';
import { followStream } from '@fusebox/sidecar/io/operator-stream.ts';
import type { StreamEvent } from '@fusebox/sidecar/rules/event-stream.ts';
import { Agent } from 'undici';
import type { Arrivals, Orders } from './light-clients.ts';

/** Connections that are made at once (count). */
const places = 20;

/** The same on every process of this machine (ms). */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const timers = {
  after(delayMs: number, run: () => void) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const tell = (arrivals: Arrivals): void => void process.send?.(arrivals);

class LightClient {
  readonly #url: URL;
  readonly #access: { token: string; agent: Agent };
  readonly #onDigest: (digest: string) => void;
  readonly #reports: OperatorReports;
  #answer: Pick<Report, 'digest' | 'revision'> | null = null;

  constructor({ url, ca, token }: { url: URL; ca: string; token: string }, onDigest: (digest: string) => void) {
    this.#url = url;
    this.#access = { token, agent: new Agent({ connect: { ca }, allowH2: false }) };
    this.#onDigest = onDigest;
    this.#reports = new OperatorReports({
      url,
      access: () => this.#access,
      report: () => this.#report(),
      timers,
      random: Math.random,
      onFailure: (why) => console.error('a report was not taken:', why),
    });
  }

  /** Resolves when its stream is open; one that ends is begun anew. */
  open(): Promise<void> {
    return new Promise((resolve) => void this.#follow(resolve));
  }

  async #follow(onOpen: () => void): Promise<void> {
    for (;;) {
      const stream = {
        url: this.#url,
        access: this.#access,
        lastEventId: this.#answer?.revision ?? null,
        signal: new AbortController().signal,
        onOpen,
        onEvent: (event: StreamEvent) => this.#take(event),
      };
      const why = await followStream(stream).catch((error: unknown) => error);
      console.error('a stream has ended:', why ?? 'by the operator');
      await pause(1000 * Math.random());
    }
  }

  #take({ type, data, lastEventId }: StreamEvent): void {
    if (type !== 'snapshot') return;
    const digest = /"digest":"(sha256:[0-9a-f]{64})"/.exec(data)?.[1];
    if (digest === undefined) throw new Error('a snapshot without a digest');
    this.#onDigest(digest);
    this.#answer = { digest, revision: lastEventId };
    this.#reports.tell();
  }

  #report(): Report | null {
    if (this.#answer === null) return null;
    const answer = { result: 'applied', reason: null, tookMs: 1, atWallMs: Date.now() } as const;
    return { format: 1, ...this.#answer, ...answer, version: 'bench', circuits: [] };
  }
}

async function obey({ url, caPath, tokens }: Orders): Promise<void> {
  const ca = readFileSync(caPath, 'utf8');
  const arrivals = new Map<string, number[]>();
  const onDigest = (digest: string): void => {
    const timesMs = arrivals.get(digest) ?? [];
    arrivals.set(digest, timesMs);
    timesMs.push(nowMs());
    if (timesMs.length === tokens.length) tell({ digest, timesMs });
  };
  const waiting = tokens.map((token) => new LightClient({ url: new URL(url), ca, token }, onDigest));
  const worker = async (): Promise<void> => {
    for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) await client.open();
  };
  await Promise.all(Array.from({ length: places }, worker));
}

process.once('message', (orders) => void obey(orders as Orders));
process.once('disconnect', () => process.exit());
