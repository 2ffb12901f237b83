import { hostname } from 'node:os';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import { ofrepFlags } from './ofrep-flags.ts';
import { settingsFlags } from './settings-flags.ts';
import type { FlagSource } from './table-provider.ts';

export interface FlagSourceOptions {
  settings: LiveSettings;
  log: Log;
  metrics: Metrics;
  /** A draw from [0, 1). */
  random: () => number;
}

/** A server of flags where the settings name one, else the configuration file. */
export function flagSource({ settings, log, metrics, random }: FlagSourceOptions): FlagSource {
  const { url } = settings.current.ofrep;
  if (url === undefined) return settingsFlags(settings);
  return ofrepFlags({
    url,
    targetingKey: hostname(),
    pollMs: () => settings.current.ofrep.poll_seconds * 1_000,
    log,
    onUp: (up) => metrics.flagsServerUp.set(Number(up)),
    random,
  });
}
