/**
 * Live configuration. One object is in force at a time, and is replaced whole: who has read `current` once works with
 * one consistent state. What is wrong is refused whole, and the last good settings stay. The file is read 10 ms after
 * it was last touched, and every two seconds without being told, for file systems that tell nothing.
 */
import Value from 'typebox/value';
import type { Log } from '../log.ts';
import { changesBetween, type Change } from './difference.ts';
import { readSettings, type Overrides, type SettingsReading, type SettingsSources } from './settings-file.ts';
import { Settings } from './settings.ts';
import { watchPath, type PathWatcher } from './watch-path.ts';

/** The settings in force. */
export interface LiveSettings {
  /** Never the same object with other contents: what has read it once has one consistent state. */
  readonly current: Settings;
  /** Calls `listener` after each change. The answer ends that. */
  onChange(listener: (now: Settings, before: Settings) => void): () => void;
}

/** What the watching needs; tests bring their own. */
export interface SettingsEffects {
  read: () => Promise<SettingsReading>;
  watch: (onEvent: () => void) => PathWatcher;
  nowMs: () => number;
  /** Runs it once, after so long. The answer prevents that. */
  after: (delayMs: number, run: () => void) => () => void;
}

const quietMs = 10;
/** Somebody who writes without end is read all the same. */
const maxQuietMs = 30;
const lookMs = 2_000;
/** What is wrong for shorter than this was a file half written. */
const faultMs = 100;

/** Settings that change while the service runs. */
export class WatchedSettings implements LiveSettings {
  current: Settings;
  readonly #effects: SettingsEffects;
  readonly #log: Log;
  readonly #listeners = new Set<(now: Settings, before: Settings) => void>();
  readonly #watcher: PathWatcher;
  #cancel = (): void => {};
  #touchedMs: number | null = null;
  #reading = false;
  #closed = false;
  #faults: { text: string; told: boolean } | null = null;
  #waiting = '';

  constructor(initial: Settings, log: Log, effects: SettingsEffects) {
    this.current = initial;
    this.#log = log;
    this.#effects = effects;
    this.#watcher = effects.watch(() => this.#touched());
    // What has changed since the initial ones were read is found at once.
    void this.#look();
  }

  onChange(listener: (now: Settings, before: Settings) => void): () => void {
    const own: typeof listener = (now, before) => listener(now, before);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#watcher.close();
  }

  #touched(): void {
    const nowMs = this.#effects.nowMs();
    this.#touchedMs ??= nowMs;
    if (!this.#reading) this.#lookIn(Math.max(0, Math.min(quietMs, this.#touchedMs + maxQuietMs - nowMs)));
  }

  #lookIn(delayMs: number): void {
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#effects.after(delayMs, () => void this.#look());
  }

  /** Watches first and reads then, so that what changes in between is heard. */
  async #look(): Promise<void> {
    this.#reading = true;
    this.#touchedMs = null;
    await this.#watcher.renew();
    const reading = await this.#effects.read();
    this.#reading = false;
    if (this.#closed) return;
    if ('faults' in reading) this.#refuse(reading.faults);
    else this.#accept(reading.settings);
    // `touchedMs` may have been set while it was read.
    if (this.#touchedMs !== null) this.#lookIn(quietMs);
    else this.#lookIn(this.#faults?.told === false ? faultMs : lookMs);
  }

  #refuse(faults: string[]): void {
    const text = faults.join('\n');
    if (this.#faults?.text !== text) {
      this.#faults = { text, told: false };
    } else if (!this.#faults.told) {
      this.#faults.told = true;
      this.#log.error('settings refused, the last good ones stay in force', { faults });
    }
  }

  #accept(next: Settings): void {
    if (this.#faults?.told) this.#log.info('settings are good again');
    this.#faults = null;
    const changes = changesBetween(this.current, next);
    this.#announceWaiting(changes.filter(({ live }) => !live));
    const live = changes.filter((change) => change.live);
    if (live.length === 0) return;
    const before = this.current;
    this.current = withChanges(before, next, live);
    this.#log.info('settings changed', { changes: live.map(({ text }) => text) });
    for (const listener of this.#listeners) this.#tell(listener, before);
  }

  #announceWaiting(changes: Change[]): void {
    const texts = changes.map(({ section, key, text }) => `${section}.${key} changes at the next start (${text})`);
    if (texts.join('\n') !== this.#waiting && texts.length > 0) {
      this.#log.warn('settings that need a restart', { changes: texts });
    }
    this.#waiting = texts.join('\n');
  }

  #tell(listener: (now: Settings, before: Settings) => void, before: Settings): void {
    try {
      listener(this.current, before);
    } catch (error) {
      this.#log.error('new settings could not be followed everywhere', { error });
    }
  }
}

/** What is in force: settings that need a restart keep what they were. */
function withChanges(before: Settings, next: Settings, changes: readonly Change[]): Settings {
  const result: Record<string, Record<string, unknown>> = { ...before };
  for (const { section, key } of changes) {
    const { [key]: _old, ...rest } = result[section]!;
    const value = (next[section] as Record<string, unknown>)[key];
    result[section] = value === undefined ? rest : { ...rest, [key]: value };
  }
  return result as unknown as Settings;
}

/** Follows the file that `initial` was read from; without one, nothing ever changes. */
export function followSettings(
  initial: Settings,
  sources: SettingsSources,
  log: Log,
): LiveSettings & { close(): void } {
  const { path } = sources;
  if (path === null) return { current: initial, onChange: () => () => {}, close() {} };
  return new WatchedSettings(initial, log, {
    read: () => readSettings(sources),
    watch: (onEvent) => watchPath(path, onEvent),
    nowMs: () => performance.now(),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs).unref();
      return () => clearTimeout(timer);
    },
  });
}

/** Settings that never change: the defaults with these values. */
export function fixedSettings(overrides: Overrides = {}): LiveSettings {
  const current = Value.Create(Settings);
  for (const [path, value] of Object.entries(overrides)) {
    const [section, key] = path.split('.') as [keyof Settings, string];
    (current[section] as Record<string, unknown>)[key] = value;
  }
  return { current: Value.Parse(Settings, current), onChange: () => () => {} };
}
