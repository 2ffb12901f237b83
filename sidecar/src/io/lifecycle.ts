import { after } from '@fusebox/runtime/system-clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';

/** What has to be done on the way out. */
export interface LifecycleSteps {
  /** Not ready any more; answers ask clients to go elsewhere; everything is still served. */
  drain(): void;
  /** Nothing new is accepted. Resolves when every connection has closed. */
  stop(): Promise<void> | undefined;
  /** Resolves when nothing is in flight. */
  quiet(): Promise<void>;
  /** Whoever still waits is refused, whatever is still open is cut. */
  abandon(): void;
  /** Last words: spans, files. */
  finish(): Promise<void>;
}

export interface LifecycleOptions {
  readonly steps: LifecycleSteps;
  readonly log: Logger;
  /** From the beginning of the drain until nothing new is accepted (ms). */
  readonly drainDelayMs: number;
  /** Monotonic time (ms). */
  readonly nowMs: () => number;
}

/** How long in-flight requests may take after SIGTERM (ms): Kubernetes kills after 30 s unless told otherwise. */
const GRACE_MS = 25_000;

/** Draining and the end of the process (docs/semantics.md, "Lifecycle"). */
export class Lifecycle {
  private readonly options: LifecycleOptions;
  private drainingSinceMs: number | null = null;
  private ending: Promise<void> | null = null;

  constructor(options: LifecycleOptions) {
    this.options = options;
  }

  /** Begins to drain; once is enough. */
  drain(): void {
    if (this.drainingSinceMs !== null) return;
    this.drainingSinceMs = this.options.nowMs();
    this.options.log.info('draining: not ready, still serving');
    this.options.steps.drain();
  }

  /** Ends in order: the rest of `drainDelay`, then whatever is in flight, within the grace. `hurry` skips the delay. */
  end(hurry: boolean): Promise<void> {
    this.ending ??= this.run(hurry);
    return this.ending;
  }

  private async run(hurry: boolean): Promise<void> {
    const { steps, log, drainDelayMs, nowMs } = this.options;
    const begunMs = nowMs();
    this.drain();
    const delayMs = hurry ? 0 : Math.max(0, (this.drainingSinceMs ?? begunMs) + drainDelayMs - begunMs);
    if (delayMs > 0) await after(delayMs);
    const quiet = Promise.all([steps.stop(), steps.quiet()]);
    const inTime = await Promise.race([quiet.then(() => true), after(GRACE_MS - delayMs).then(() => false)]);
    if (!inTime) log.warn('requests in flight were cut: the grace period ends', { graceMs: GRACE_MS });
    steps.abandon();
    await steps.finish();
    log.info('ended');
  }
}
