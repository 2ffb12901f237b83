import { StandardResolutionReasons } from '@openfeature/server-sdk';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Settings } from '../settings/settings.ts';
import type { FlagSource } from './table-provider.ts';

const tableOf = ({ feature_flags }: Settings) =>
  new Map(
    Object.entries(feature_flags).map(([key, value]) => [key, { value, reason: StandardResolutionReasons.STATIC }]),
  );

/** The flags under `feature_flags` in the configuration file. */
export function settingsFlags(settings: LiveSettings): FlagSource {
  let stop = (): void => {};
  return {
    name: 'settings',
    start({ replace }) {
      stop = settings.onChange((now) => replace(tableOf(now)));
      replace(tableOf(settings.current));
      return Promise.resolve();
    },
    stop: () => stop(),
  };
}
