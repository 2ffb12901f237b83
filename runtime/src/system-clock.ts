import type { Clock, Timers } from '@fusebox/api/clock.ts';

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** Resolves after `delayMs`, at once for a negative one; does not keep the process alive. */
export const after = (delayMs: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, Math.max(0, delayMs)).unref());

/** The machine's own timers. None of them keeps the process alive. */
export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
