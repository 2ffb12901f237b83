import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import type { ListenAddress } from '@fusebox/runtime/option-values.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { FlagsInForce } from '../flags-in-force.ts';
import { liveValuesOf, type Settings } from '../live-values.ts';
import { FlagFollowers } from './flag-followers.ts';
import type { LiveFiles } from './live-files.ts';

export interface LocalSideOptions {
  /** null: closed. */
  address: ListenAddress | null;
  flags: FlagsInForce;
  /** In force at first; of built-in ones no files are made. */
  settings: Settings & { origin: 'built-in' | 'disk' | 'file' | 'operator' };
  /** The folder that it shares with the service; null: none. */
  filesDirectory: string | null;
  registry: MetricsRegistry;
  log: Logger;
  clock: Clock;
  timers: Timers;
  random: Random;
}

/** What the service beside us, and flags that follow circuits, live on. */
export interface LocalSide {
  /** null: closed. */
  readonly port: number | null;
  /** These settings are in force now. */
  applied(settings: Settings): void;
  circuitChanged(): void;
  close(): Promise<void>;
}

/** Opens the local API, whose code is loaded only then. Rejects with a message for people when the address cannot be bound. */
export async function startLocalSide(options: LocalSideOptions): Promise<LocalSide> {
  const { address, flags, registry, timers, settings } = options;
  const { nowMs } = options.clock;
  let config = liveValuesOf(settings);
  const api =
    address === null
      ? null
      : await (
          await import('./local-api.ts')
        ).startLocalApi({
          ...address,
          flags: { evaluate: (key, context) => flags.evaluate(key, context, nowMs()), keys: () => flags.keys() },
          config: () => config,
          flagsVersion: () => flags.versionAt(nowMs()),
        });
  const followers = new FlagFollowers({ flags, registry, timers, nowMs, changed: () => api?.changed() });
  followers.look();
  const files = await liveFilesOf(options);
  if (settings.origin !== 'built-in') files?.show(config);
  return {
    port: api?.port ?? null,
    applied(next) {
      config = liveValuesOf(next);
      files?.show(config);
      followers.look();
      api?.changed();
    },
    circuitChanged: () => followers.look(),
    async close() {
      followers.close();
      await Promise.all([api?.close(), files?.close()]);
    },
  };
}

const liveFilesOf = async ({ filesDirectory: directory, ...tools }: LocalSideOptions): Promise<LiveFiles | null> =>
  directory === null ? null : new (await import('./live-files.ts')).LiveFiles({ directory, ...tools });
