/** A wait that can be cut short, and the timer behind it. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** Resolves after `ms` milliseconds, or when the signal aborts. */
export const wait: Wait = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
