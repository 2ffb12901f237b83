import type { Clock } from '../clock.ts';

/** A clock that moves only when told to. It starts at 0 ms, and at 2026-01-01T00:00:00Z on the wall. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #wallStartMs: number;

  constructor(wallStartMs = 1_767_225_600_000) {
    this.#wallStartMs = wallStartMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  /** Lets this much time (ms, ≥ 0) pass. */
  advance(byMs: number): void {
    if (!(byMs >= 0)) throw new RangeError(`time cannot go back by ${byMs} ms`);
    this.#nowMs += byMs;
  }
}
