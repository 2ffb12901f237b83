/**
 * Offers requests at a fixed rate, whatever the answers do: arrivals are random (Poisson, of a fixed seed, so that every
 * proxy sees the same), and a request counts from the moment at which it was due, not from when a connection was free for
 * it. So a stall is felt by all requests that fell into it. Prints a `RateResult` as JSON.
 * usage: node rate-load.ts PORT PATH PER_SECOND CONNECTIONS SECONDS
 */
import { connect, type Socket } from 'node:net';
import { quantile } from './quantiles.ts';
import type { RateResult } from './rate.ts';

const path = process.argv[3] ?? '/';
const [port = 0, perSecond = 0, connections = 0, seconds = 0] = [2, 4, 5, 6].map((at) => Number(process.argv[at]));

/** How long it sleeps between two looks at clock and sockets: less than that is not told apart. */
const lookMs = 0.05;
/** How long the last answers are awaited: a proxy that cannot hold the rate would need ever longer. */
const patienceMs = 2_000;

const request = `GET ${path} HTTP/1.1\r\nhost: bench\r\nuser-agent: latency/1\r\naccept: application/json\r\naccept-encoding: gzip, deflate\r\nx-tenant: shop\r\n\r\n`;
const idle: Sender[] = [];
const overdue: number[] = [];
const latenciesMs: number[] = [];
const senders: Sender[] = [];

/** One connection with at most one request under way. */
class Sender {
  readonly socket: Socket;
  #dueMs: number | null = null;
  #received = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.once('close', () => {
      throw new Error('a connection was closed');
    });
  }

  /** When the request under way was due; null: none is under way. */
  get pendingSinceMs(): number | null {
    return this.#dueMs;
  }

  send(dueMs: number): void {
    this.#dueMs = dueMs;
    this.socket.write(request);
  }

  #read(piece: Buffer): void {
    this.#received += piece.toString('latin1');
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1];
    if (!this.#received.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(this.#received);
    if (this.#received.length < headEnd + 4 + Number(length)) return;
    this.#received = '';
    latenciesMs.push(performance.now() - (this.#dueMs ?? Number.NaN));
    this.#dueMs = null;
    const next = overdue.shift();
    if (next === undefined) idle.push(this);
    else this.send(next);
  }
}

let seed = 1;
/** Uniform in [0, 1): a linear congruential generator (Numerical Recipes) is random enough for arrivals. */
function chance(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

async function run(): Promise<RateResult> {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let dueMs = startMs;
  let offered = 0;
  let nowMs = startMs;
  while (dueMs < endMs || (latenciesMs.length < offered && nowMs < endMs + patienceMs)) {
    nowMs = performance.now();
    while (dueMs <= nowMs && dueMs < endMs) {
      offered++;
      const sender = idle.shift();
      if (sender === undefined) overdue.push(dueMs);
      else sender.send(dueMs);
      dueMs -= (Math.log(1 - chance()) / perSecond) * 1000;
    }
    // Timers of Node know whole milliseconds only; this sleeps for less, and leaves the core to the service meanwhile.
    Atomics.wait(sleeper, 0, 0, lookMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Who still waits has waited this long at least.
  const waiting = [...overdue, ...senders.flatMap((sender) => sender.pendingSinceMs ?? [])];
  const sorted = Float64Array.from([...latenciesMs, ...waiting.map((sinceMs) => nowMs - sinceMs)]).sort();
  const at = (of: number): number => quantile(sorted, of);
  const unanswered = waiting.length;
  return {
    requests: sorted.length,
    unanswered,
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: at(1),
  };
}

for (let count = 0; count < connections; count++) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  senders.push(new Sender(socket));
}
idle.push(...senders);
const result = await run();
process.stdout.write(JSON.stringify(result), () => process.exit());
