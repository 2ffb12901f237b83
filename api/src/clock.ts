/** The ports through which time and chance reach the code. Only `io/` and `main.ts` have the real ones; tests hold them still. */

export interface Clock {
  /** Monotonic time (ms, fractional). Its zero means nothing; only differences do. */
  readonly nowMs: () => number;
  /** Wall-clock time (ms since 1970-01-01T00:00:00Z), for what people and other machines read. */
  readonly wallMs: () => number;
}

/** A draw from [0, 1). */
export type Random = () => number;

export interface Timers {
  /** Runs `run` once, `delayMs` (≥ 0) from now; the returned function takes that back. */
  readonly after: (delayMs: number, run: () => void) => () => void;
}
