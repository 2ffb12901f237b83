import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { LiveValues } from '../live-values.ts';
import { reconnectDelayMs } from '../rules/reconnect-delay.ts';
import { replaceSet, setName } from './replace-set.ts';

export interface LiveFilesOptions {
  directory: string;
  log: Logger;
  registry: MetricsRegistry;
  clock: Clock;
  timers: Timers;
  random: Random;
}

/**
 * Keeps the files of a shared folder equal to the live configuration. It writes beside everything else: nobody waits for it, and when
 * changes come faster than the disk takes them, those in between are never written. What fails leaves the files before it in place,
 * and is tried again.
 */
export class LiveFiles {
  private readonly options: LiveFilesOptions;
  private wanted: LiveValues | null = null;
  private written: LiveValues | null = null;
  private writing: Promise<void> | null = null;
  private failures = 0;
  private failedTotal = 0;
  private complained = '';
  private cancel = (): void => {};
  private closed = false;

  constructor(options: LiveFilesOptions) {
    this.options = options;
    const { registry } = options;
    registry.gauge(
      'fusebox_live_files_current',
      'Whether the files of the shared folder are the live configuration in force (1) or older (0).',
      {},
      () => (this.wanted === this.written ? 1 : 0),
    );
    registry.counterFrom(
      'fusebox_live_files_failures_total',
      'Times that the files of the shared folder could not be replaced.',
      {},
      () => this.failedTotal,
    );
  }

  /** These are to be the files from now on. */
  show(values: LiveValues): void {
    this.wanted = values;
    this.start();
  }

  /** Resolves when what was begun has ended. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancel();
    await this.writing;
  }

  private start(): void {
    this.cancel();
    this.writing ??= this.writeAll().finally(() => (this.writing = null));
  }

  /** Never rejects. */
  private async writeAll(): Promise<void> {
    while (this.wanted !== this.written && !this.closed) {
      const values = this.wanted!;
      const why = await this.write(values);
      if (why === null) this.succeeded(values);
      else {
        this.failed(why);
        if (values === this.wanted) return this.later();
      }
    }
  }

  /** Why the folder does not show all of this; null: it does. */
  private async write(values: LiveValues): Promise<Record<string, unknown> | null> {
    const { directory, clock, random } = this.options;
    const files = new Map([...values].map(([key, { body }]) => [key, body]));
    try {
      const taken = await replaceSet(directory, files, setName(clock.wallMs(), random()));
      return taken.length === 0 ? null : { fault: 'there is something else in the place of these keys', keys: taken };
    } catch (error) {
      return { error };
    }
  }

  private succeeded(values: LiveValues): void {
    const { log, directory } = this.options;
    this.written = values;
    this.failures = 0;
    if (this.complained !== '') log.info('live files are current again', { directory });
    this.complained = '';
  }

  /** One line for each reason, not for each attempt. */
  private failed(why: Record<string, unknown>): void {
    const { log, directory } = this.options;
    this.failures += 1;
    this.failedTotal += 1;
    const { error, keys } = why;
    const text =
      error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : JSON.stringify(keys);
    if (text === this.complained) return;
    this.complained = text;
    log.error('live files could not be replaced; those from before stay', { directory, ...why });
  }

  private later(): void {
    if (this.closed) return;
    const { timers, random } = this.options;
    this.cancel = timers.after(reconnectDelayMs(this.failures, random), () => this.start());
  }
}
