import type { Clock, Timers } from '@fusebox/api/clock.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { ListenAddress } from '@fusebox/runtime/option-values.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import type { FlagsInForce } from '../flags-in-force.ts';
import { FlagFollowers } from './flag-followers.ts';

export interface LocalSideOptions {
  /** null: closed. */
  address: ListenAddress | null;
  flags: FlagsInForce;
  /** In force at first. */
  snapshot: Snapshot;
  registry: MetricsRegistry;
  clock: Clock;
  timers: Timers;
}

/** What the service beside us, and flags that follow circuits, live on. */
export interface LocalSide {
  /** null: closed. */
  readonly port: number | null;
  /** This snapshot is in force now. */
  applied(snapshot: Snapshot): void;
  circuitChanged(): void;
  close(): Promise<void>;
}

/** Opens the local API, whose code is loaded only then. Rejects with a message for people when the address cannot be bound. */
export async function startLocalSide(options: LocalSideOptions): Promise<LocalSide> {
  const { address, flags, registry, timers } = options;
  const { nowMs } = options.clock;
  let { config = {} } = options.snapshot;
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
  return {
    port: api?.port ?? null,
    applied(snapshot) {
      config = snapshot.config ?? {};
      followers.look();
      api?.changed();
    },
    circuitChanged: () => followers.look(),
    async close() {
      followers.close();
      await api?.close();
    },
  };
}
