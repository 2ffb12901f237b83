/**
 * Technique 1, back-pressure. A service that takes in more work than it can do lets everybody wait, until all clients
 * have given up on answers that are still being made. So whatever is scarce (connections, cores) has a fixed number of
 * places. Who finds none waits in a queue of bounded length for a bounded time; everybody else hears at once that it is
 * full, while the client can still do something else. A pool's own queue has neither bound, so it is never used.
 */
import type { Scope } from './scope.ts';
import { ServiceError } from './service-error.ts';
import { WaitingLine } from './waiting-line.ts';

/** How much may be under way, and how much may wait. */
export interface Limits {
  /** How many may be inside at a time (count, from 1). */
  places: number;
  /** How many may wait (count). */
  maxWaiting: number;
  /** How long one waits at most (ms). `Infinity`: as long as it takes. */
  maxWaitMs: number;
}

/** Calls `run` after `delayMs` milliseconds unless the answer is called before. */
export type After = (delayMs: number, run: () => void) => () => void;

interface Waiter {
  enter(): void;
  refuse(reason: ServiceError): void;
}

/** A number of places, and a queue before them: first come, first served. */
export class Semaphore {
  #limits: Limits;
  readonly #after: After;
  readonly #name: string;
  #inside = 0;
  readonly #waiting = new WaitingLine<Waiter>();

  /** @param name of what is scarce, for the client who hears that there is none */
  constructor(name: string, limits: Limits, after: After) {
    this.#name = name;
    this.#limits = limits;
    this.#after = after;
  }

  /** How many are inside now. */
  get inside(): number {
    return this.#inside;
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** From now on these hold. Nobody is turned out: with fewer places than are taken, the next ones wait longer. */
  setLimits(limits: Limits): void {
    this.#limits = limits;
    this.#admit();
  }

  /**
   * Runs `work` in a place of its own.
   * @throws ServiceError `overloaded` when there is no place, `client-gone` when its client left the queue
   */
  run<T>(scope: Pick<Scope, 'signal'>, work: () => Promise<T>): Promise<T> {
    const enter = (): Promise<T> => this.#within(work);
    // Who finds a place pays for no timer and no signal.
    if (this.#inside < this.#limits.places && this.#waiting.length === 0) return enter();
    return this.#wait(scope.signal, enter);
  }

  async #within<T>(work: () => Promise<T>): Promise<T> {
    this.#inside++;
    try {
      return await work();
    } finally {
      this.#inside--;
      this.#admit();
    }
  }

  #wait<T>(signal: AbortSignal, enter: () => Promise<T>): Promise<T> {
    const { maxWaiting, maxWaitMs } = this.#limits;
    if (signal.aborted) return Promise.reject(clientGone());
    if (this.#waiting.length >= maxWaiting || maxWaitMs <= 0) return Promise.reject(this.#overloaded());
    return new Promise((resolve, reject) => {
      // However it ends, the waiter has left the queue before anything else happens: no place is given to who is gone.
      const leave = (): void => {
        leaveLine();
        cancelTimer();
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        enter() {
          leave();
          resolve(enter());
        },
        refuse(reason) {
          leave();
          reject(reason);
        },
      };
      const onAbort = (): void => waiter.refuse(clientGone());
      const cancelTimer = Number.isFinite(maxWaitMs)
        ? this.#after(maxWaitMs, () => waiter.refuse(this.#overloaded()))
        : () => {};
      signal.addEventListener('abort', onAbort);
      const leaveLine = this.#waiting.add(waiter);
    });
  }

  #admit(): void {
    while (this.#inside < this.#limits.places && this.#waiting.first !== undefined) this.#waiting.first.enter();
  }

  #overloaded(): ServiceError {
    return new ServiceError('overloaded', `Too many requests wait for the ${this.#name}.`);
  }
}

const clientGone = (): ServiceError => new ServiceError('client-gone', 'The client has gone.');
