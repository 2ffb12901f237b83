import type { Who } from '@fusebox/api/compile/who.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { prepareFlags } from '../flags-in-force.ts';
import { NO_BLOBS } from '@fusebox/api/config-values.ts';
import type { Settings } from '../live-values.ts';
import type { LastGood } from './last-good.ts';
import type { OperatorFeed, OperatorFeedOptions } from './operator-feed.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { SettingsState } from './settings-source.ts';
import type { InForce } from './views.ts';

export interface SettingsOptions {
  /** What holds while nobody has said anything. */
  readonly builtIn: Snapshot;
  /** null: nothing is kept on disk. */
  readonly lastGood: LastGood | null;
  readonly log: Logger;
  /** ms since 1970. */
  readonly wallMs: () => number;
}

/**
 * Which snapshot is in force: the built-in one, the last good one from the disk, or the newest of the file or the operator.
 * What reads settings is loaded when there are some to read: a sidecar waits for it at its start, and keeps it in memory.
 */
export class SettingsInForce {
  current: InForce;
  private readonly options: SettingsOptions;
  private source: Pick<OperatorFeed, 'state' | 'close'> | null = null;
  private kept: Promise<void> = Promise.resolve();

  private constructor(options: SettingsOptions, lastGood: Settings | null) {
    this.options = options;
    this.current = {
      ...(lastGood ?? { snapshot: options.builtIn, blobs: NO_BLOBS }),
      origin: lastGood === null ? 'built-in' : 'disk',
      appliedWallMs: options.wallMs(),
    };
  }

  /** Begins with the last good snapshot of the disk, where there is one. */
  static async begin(options: SettingsOptions): Promise<SettingsInForce> {
    const lastGood = (await options.lastGood?.read()) ?? null;
    if (lastGood !== null) await prepareFlags(lastGood.snapshot);
    return new SettingsInForce(options, lastGood);
  }

  /** How the settings on disk, or those of the operator, stand; null when none are configured. */
  get state(): SettingsState | null {
    return this.source?.state() ?? null;
  }

  /** Follows the file or folder at `path`. Resolves when it was read for the first time, be it good or bad. */
  async follow(path: string, who: Who, apply: (settings: Settings, before: Snapshot) => void): Promise<void> {
    const { startSettingsSource } = await import('./settings-source.ts');
    const { log, wallMs, lastGood } = this.options;
    await new Promise<void>((resolve) => {
      this.source = startSettingsSource({
        path,
        who,
        log,
        wallMs,
        prepare: prepareFlags,
        onSnapshot: (settings) => {
          apply(settings, this.current.snapshot);
          this.current = { ...settings, origin: 'file', appliedWallMs: wallMs() };
          if (lastGood !== null) this.kept = lastGood.write(settings);
          resolve();
        },
        onRejected: () => resolve(),
      });
    });
  }

  /** Follows the operator. `first` resolves when it has sent something, be it good or bad. */
  async followOperator(
    options: Omit<OperatorFeedOptions, 'onSnapshot' | 'onRejected' | 'log' | 'blobs'>,
    apply: (settings: Settings, before: Snapshot) => void,
  ): Promise<{ feed: OperatorFeed; first: Promise<void> }> {
    const { OperatorFeed } = await import('./operator-feed.ts');
    const { log, wallMs, lastGood } = this.options;
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const feed = new OperatorFeed({
      ...options,
      log,
      prepare: prepareFlags,
      blobs: this.current.blobs,
      onSnapshot: (settings, received) => {
        const before = this.current;
        const isSame = settings.snapshot.digest === before.snapshot.digest;
        apply(settings, before.snapshot);
        this.current = {
          ...settings,
          origin: 'operator',
          appliedWallMs: isSame ? before.appliedWallMs : wallMs(),
        };
        // With what this version does not know: the digest speaks of that, too.
        if (lastGood !== null && (!isSame || before.origin === 'built-in')) {
          this.kept = lastGood.write({ snapshot: received, blobs: settings.blobs });
        }
        resolve();
      },
      onRejected: () => resolve(),
    });
    this.source = feed;
    return { feed, first };
  }

  /** Stops following; what was to be kept on disk is there when this resolves. */
  async close(): Promise<void> {
    this.source?.close();
    await this.kept;
  }
}
