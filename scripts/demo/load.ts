import { Agent } from 'node:http';
import { call, type Answer } from './http-call.ts';

/** One request and what became of it. */
export interface Sample {
  sentMs: number;
  endedMs: number;
  /** The status as text, the sidecar's reason for a refusal, or `lost` with an error code: no whole answer came. */
  outcome: string;
  status: number;
  retryAfter: string | null;
  /** A refusal in the form of RFC 9457. */
  problem: boolean;
  /** The answer asked the client to leave. */
  closes: boolean;
}

const tickMs = 5;
/** Requests that are made up for after a pause of this process (count): it must not look like a burst of its clients. */
const maxCredit = 3;

/** Open-loop load: requests start at a fixed rate, whether or not earlier ones were answered, so that overload shows. */
export class Load {
  /** In the order of their ends. */
  readonly samples: Sample[] = [];
  /** Under way (count). */
  pending = 0;
  readonly #base: string;
  readonly #agent = new Agent({ keepAlive: true, timeout: 30_000 });
  #timer: NodeJS.Timeout | null = null;
  #count = 0;

  constructor(base: string) {
    this.#base = base;
  }

  /** From now on `perSecond` requests start each second. */
  run(perSecond: number): void {
    this.pause();
    let credit = 0;
    let lastMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      credit = Math.min(maxCredit, credit + ((nowMs - lastMs) * perSecond) / 1000);
      lastMs = nowMs;
      for (; credit >= 1; credit--) void this.send(this.#nextPath());
    }, tickMs);
  }

  pause(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async send(path: string, headers: Record<string, string> = {}): Promise<Sample> {
    this.pending++;
    const sample = await this.probe(path, headers);
    this.pending--;
    this.samples.push(sample);
    return sample;
  }

  /** As `send`, but for the asker alone: it is no sample of the load. */
  async probe(path: string, headers: Record<string, string> = {}): Promise<Sample> {
    const sentMs = performance.now();
    const end = await call(this.#base + path, { headers, agent: this.#agent }).then(endOf, lossOf);
    return { ...end, sentMs, endedMs: performance.now() };
  }

  /** Those that were sent at `sinceMs` or later and have ended. */
  sentSince(sinceMs: number): Sample[] {
    return this.samples.filter(({ sentMs }) => sentMs >= sinceMs);
  }

  /** Those that ended at `sinceMs` or later. */
  endedSince(sinceMs: number): Sample[] {
    return this.samples.slice(this.samples.findLastIndex(({ endedMs }) => endedMs < sinceMs) + 1);
  }

  close(): void {
    this.pause();
    this.#agent.destroy();
  }

  #nextPath(): string {
    this.#count++;
    return this.#count % 4 === 0 ? '/users?limit=5' : `/users/${1 + (this.#count % 40)}`;
  }
}

const endOf = ({ status, headers }: Answer): Omit<Sample, 'sentMs' | 'endedMs'> => ({
  outcome: String(headers['fusebox-reason'] ?? status),
  status,
  retryAfter: headers['retry-after'] ?? null,
  problem: headers['content-type'] === 'application/problem+json',
  closes: headers.connection === 'close',
});

const lossOf = (error: NodeJS.ErrnoException): Omit<Sample, 'sentMs' | 'endedMs'> => ({
  outcome: `lost ${error.code ?? error.message}`,
  status: 0,
  retryAfter: null,
  problem: false,
  closes: false,
});

/** How many ended in each way. */
export function tally(samples: readonly Sample[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of samples) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** What ended in another way than 200: how often in all, and in words. */
export function failuresIn(counts: Record<string, number>): { count: number; text: string } {
  const failures = Object.entries(counts).filter(([outcome]) => outcome !== '200');
  const list = failures.map(([outcome, count]) => `${count} ${outcome}`);
  const count = failures.reduce((sum, [, one]) => sum + one, 0);
  return { count, text: count === 0 ? 'no failure' : list.join(', ') };
}
