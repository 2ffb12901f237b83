import type { Log } from '../log.ts';

const EVERY_MS = 20_000;

/** Tells now and then how far a long work is. */
export interface Progress {
  /** Begins a stage: `tell` is asked for what is to be said about it. */
  stage(tell: () => string): void;
  /** Such as `3 min 20 s`. */
  elapsed(): string;
  stop(): void;
}

/** Says at the begin of each stage, and then every 20 s, where the work stands and how long it has taken so far. */
export function startProgress(log: Log): Progress {
  const startMs = performance.now();
  const elapsed = () => duration(performance.now() - startMs);
  let tell = () => '';
  const timer = setInterval(() => log(`${tell()} (${elapsed()})`), EVERY_MS);
  return {
    stage(next) {
      tell = next;
      log(tell());
      timer.refresh();
    },
    elapsed,
    stop: () => clearInterval(timer),
  };
}

/** Such as `3 min 20 s`, or `2.1 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
