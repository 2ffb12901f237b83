import type { Timers } from '@fusebox/api/clock.ts';
import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';

/** A clock and its timers, which move only when told to. */
export class FakeTime extends FakeClock implements Timers {
  #timers: { atMs: number; run: () => void }[] = [];

  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { atMs: this.nowMs() + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Timers that have not rung (count). */
  get pending(): number {
    return this.#timers.length;
  }

  /** Lets time (ms) pass, rings what is due in order, and lets what that sets going settle each time. */
  async pass(byMs: number): Promise<void> {
    const endMs = this.nowMs() + byMs;
    await settle();
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.advance(Math.max(0, next.atMs - this.nowMs()));
      next.run();
      await settle();
    }
    this.advance(Math.max(0, endMs - this.nowMs()));
  }
}

/** Lets promises that wait for nothing else come true. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
