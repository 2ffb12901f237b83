/**
 * One process of Node uses one core. A service that should use them all runs as several workers that share one port. The
 * process that was started only supervises them.
 */
import cluster from 'node:cluster';
import type { After } from './back-pressure.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings/settings.ts';

/** What a worker is told when it should stop. Not a signal: those of a terminal reach all processes at once. */
export const STOP = 'stop';

/** A worker as its supervisor sees it. */
export interface WorkerProcess {
  readonly id: number;
  once(event: 'listening', listener: () => void): void;
  once(event: 'exit', listener: (code: number | null, signal: string | null) => void): void;
  send(message: typeof STOP): void;
  kill(): void;
}

/** How many workers there should be (count). */
export function workerCount({ server, database }: Settings, cores: number): number {
  // An embedded database belongs to one process.
  if (database.url === undefined) return 1;
  if (server.workers === 'auto-io') return 2 * cores;
  return server.workers === 'auto-cpu' ? cores : server.workers;
}

/** Starts a worker: the same program with the same arguments. */
export function forkWorker(): WorkerProcess {
  const worker = cluster.fork();
  return {
    id: worker.id,
    once: (event: string, listener: (code: number | null, signal: string | null) => void) =>
      void worker.once(event, listener),
    // It may be gone already; then its exit says so.
    send: (message) => void (worker.isConnected() && worker.send(message)),
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

interface Options {
  count: number;
  fork: () => WorkerProcess;
  /** How long workers may take to stop (ms). */
  stopWithinMs: () => number;
  log: Log;
  after: After;
  nowMs: () => number;
  /** Ends the process. */
  exit: (code: number) => void;
}

/** Who has run for so long had not failed to start (ms). */
const steadyMs = 60_000;
const firstDelayMs = 100;
const longestDelayMs = 30_000;
/** What a worker may take on top of its own bound (ms). */
const graceMs = 1_000;

/** Keeps as many workers as there should be: who dies is replaced, at longer and longer intervals while that keeps happening. */
export class Supervisor {
  readonly #options: Options;
  readonly #workers = new Set<WorkerProcess>();
  #served = false;
  #stopping = false;
  #exitCode = 0;

  constructor(options: Options) {
    this.#options = options;
    for (let started = 0; started < options.count; started++) this.#start(0);
  }

  /** Stops all workers, and ends the process with the last of them. Called again, it waits for nothing. */
  stop(cause: string): void {
    const { log, after, stopWithinMs } = this.#options;
    if (this.#stopping) {
      log.warn('stopping at once', { cause });
      this.#killAll();
      return;
    }
    log.info('stopping', { cause, workers: this.#workers.size });
    this.#stopAll();
    after(stopWithinMs() + graceMs, () => this.#killAll());
  }

  #start(deaths: number): void {
    if (this.#stopping) return;
    const { fork, nowMs } = this.#options;
    const worker = fork();
    const startedMs = nowMs();
    this.#workers.add(worker);
    worker.once('listening', () => (this.#served = true));
    worker.once('exit', (code, signal) => {
      this.#workers.delete(worker);
      if (this.#stopping) this.#ended(code);
      else this.#replace({ worker, code, signal, deaths: nowMs() - startedMs < steadyMs ? deaths : 0 });
    });
  }

  #replace({ worker, code, signal, deaths }: Death): void {
    const { log, after } = this.#options;
    if (!this.#served) {
      // Not even the first ones have come up: it would be the same with the next. Whoever started this should know.
      log.error('could not start', { worker: worker.id, code, signal });
      this.#exitCode = code === 0 ? 1 : (code ?? 1);
      this.#stopAll();
      return;
    }
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** deaths);
    log.error('a worker has died', { worker: worker.id, code, signal, next_in_ms: delayMs });
    after(delayMs, () => this.#start(deaths + 1));
  }

  #stopAll(): void {
    this.#stopping = true;
    for (const worker of this.#workers) worker.send(STOP);
    if (this.#workers.size === 0) this.#options.exit(this.#exitCode);
  }

  #killAll(): void {
    for (const worker of this.#workers) worker.kill();
  }

  #ended(code: number | null): void {
    if (code !== 0 && this.#exitCode === 0) this.#exitCode = 1;
    if (this.#workers.size === 0) this.#options.exit(this.#exitCode);
  }
}

interface Death {
  worker: WorkerProcess;
  code: number | null;
  signal: string | null;
  deaths: number;
}
