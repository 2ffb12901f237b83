import type { SystemTimer } from './timer-wheel.ts';

interface Pending {
  atMs: number;
  run: () => void;
}

/** A system timer that stands still until it is told to go on; counts what it was asked for. */
export class StillTimer implements SystemTimer {
  /** Calls of `after` so far. */
  armings = 0;
  private timeMs: number;
  private readonly wholeMs: boolean;
  private pending: Pending[] = [];

  /** `wholeMs`: delays lose their fraction and are 1 ms at least, as with Node's timers, which so may run too early. */
  constructor(startMs: number, wholeMs = false) {
    this.timeMs = startMs;
    this.wholeMs = wholeMs;
  }

  readonly nowMs = (): number => this.timeMs;

  get waiting(): number {
    return this.pending.length;
  }

  after(delayMs: number, run: () => void): Pending {
    this.armings++;
    const pending = { atMs: this.timeMs + (this.wholeMs ? Math.max(1, Math.trunc(delayMs)) : delayMs), run };
    this.pending.push(pending);
    return pending;
  }

  cancel(timer: unknown): void {
    this.pending = this.pending.filter((each) => each !== timer);
  }

  /** Lets time pass; timers run when they are due. */
  advance(byMs: number): void {
    const untilMs = this.timeMs + byMs;
    for (let next = this.first(); next !== null && next.atMs <= untilMs; next = this.first()) {
      this.pending = this.pending.filter((each) => each !== next);
      this.timeMs = Math.max(this.timeMs, next.atMs);
      next.run();
    }
    this.timeMs = untilMs;
  }

  /** Time passes and nothing runs: the process was held up. */
  stall(byMs: number): void {
    this.timeMs += byMs;
  }

  private first(): Pending | null {
    return this.pending.reduce<Pending | null>(
      (first, each) => (first === null || each.atMs < first.atMs ? each : first),
      null,
    );
  }
}
