import Value from 'typebox/value';
import { Settings } from './settings.ts';

/** The settings in force. */
export interface LiveSettings {
  /** Never the same object with other contents: what has read it once has one consistent state. */
  readonly current: Settings;
  /** Calls `listener` after each change. The answer ends that. */
  onChange(listener: (now: Settings, before: Settings) => void): () => void;
}

/** What wins over the file: values by dotted path, such as `{'server.port': 0}`. */
export type Overrides = Readonly<Record<string, string | number>>;

/** Settings that never change: the defaults with these values. */
export function fixedSettings(overrides: Overrides = {}): LiveSettings {
  const current = Value.Create(Settings);
  for (const [path, value] of Object.entries(overrides)) {
    const [section, key] = path.split('.') as [keyof Settings, string];
    (current[section] as Record<string, unknown>)[key] = value;
  }
  return { current: Value.Parse(Settings, current), onChange: () => () => {} };
}
