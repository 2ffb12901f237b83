import { fixedSettings, type LiveSettings } from './live-settings.ts';
import type { Overrides } from './settings-file.ts';
import type { Settings } from './settings.ts';

/** As `Overrides`; undefined takes a value away. */
type Changes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ChangeableSettings extends LiveSettings {
  change(changes: Changes): void;
}

/** Settings that tests change by hand: the defaults with these values. */
export function changeableSettings(initial: Overrides = {}): ChangeableSettings {
  const listeners = new Set<(now: Settings, before: Settings) => void>();
  let values = initial;
  let current = fixedSettings(values).current;
  return {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change(changes) {
      const before = current;
      const kept = Object.entries({ ...values, ...changes }).filter(([, value]) => value !== undefined);
      values = Object.fromEntries(kept) as Overrides;
      current = fixedSettings(values).current;
      for (const listener of listeners) listener(current, before);
    },
  };
}
