import type { Who } from '@fusebox/api/compile/who.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { compileSettings } from '../compile-settings.ts';
import type { Settings } from '../live-values.ts';
import type { SettingsResult } from '../compile-settings.ts';
import { watchSettings } from './file-feed.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { SettingsFile } from './read-settings.ts';

/** How the settings on disk stand; shown by `/snapshot` and the metrics. */
export interface SettingsState {
  /** False: what is on disk was rejected, and what was applied before is in force. */
  valid: boolean;
  /** Everything that is wrong with what is on disk. */
  faults: string[];
  /** Changes rejected since the start (count). */
  rejectedTotal: number;
  /** When settings were last applied (ms since 1970); null: never. */
  lastAppliedWallMs: number | null;
  /** When the disk last said something new (ms since 1970); null: never. */
  lastReadWallMs: number | null;
}

export interface SettingsSourceOptions {
  /** File or folder. */
  path: string;
  who: Who;
  log: Logger;
  /** Milliseconds since 1970. */
  wallMs: () => number;
  /** A snapshot whose digest differs from that of the one before. */
  onSnapshot: (settings: Settings, info: { warnings: string[] }) => void;
  /** What must be waited for before this snapshot can be handed over; null: nothing. */
  prepare?: (snapshot: Snapshot) => Promise<void> | null;
  /** What is on disk is not valid; the last good snapshot stays. */
  onRejected?: (faults: string[]) => void;
  /** Replaced in tests. */
  watch?: typeof watchSettings;
}

/**
 * Compiles the settings at `path`, now and after each change, and hands over each snapshot that differs from the last. What is
 * wrong is logged in one line per change and changes nothing.
 */
export function startSettingsSource(options: SettingsSourceOptions): { state(): SettingsState; close(): void } {
  const { path, who, log, wallMs, onSnapshot, onRejected, prepare, watch = watchSettings } = options;
  const state: SettingsState = {
    valid: true,
    faults: [],
    rejectedTotal: 0,
    lastAppliedWallMs: null,
    lastReadWallMs: null,
  };
  let digest: string | null = null;
  /** Counts what was read: what is waited for is dropped when something newer has come. */
  let turn = 0;
  let warned: string[] = [];

  function reject(faults: string[]): void {
    state.valid = false;
    state.faults = faults;
    state.rejectedTotal += 1;
    log.error('settings rejected; what was in force stays', { path, digest, faults });
    onRejected?.(faults);
  }

  function accept(settings: Settings, warnings: string[]): void {
    const { snapshot } = settings;
    const recovered = !state.valid;
    state.valid = true;
    state.faults = [];
    const news = warnings.filter((warning) => !warned.includes(warning));
    warned = warnings;
    if (news.length > 0) log.warn('settings have warnings', { path, warnings: news });
    if (snapshot.digest === digest) {
      if (recovered) log.info('settings valid again, and the same as before', { path, digest });
      return;
    }
    onSnapshot(settings, { warnings });
    digest = snapshot.digest;
    state.lastAppliedWallMs = wallMs();
    log.info('settings applied', { path, digest, sources: snapshot.sources });
  }

  function take(files: SettingsFile[]): void {
    state.lastReadWallMs = wallMs();
    const mine = (turn += 1);
    let result: SettingsResult;
    try {
      result = compileSettings(files, who);
      if ('faults' in result) {
        reject(result.faults);
        return;
      }
      const { snapshot, blobs, warnings } = result;
      const ready = prepare?.(snapshot) ?? null;
      if (ready === null) accept({ snapshot, blobs }, warnings);
      else ready.then(() => mine === turn && accept({ snapshot, blobs }, warnings)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** A mistake of ours, not of whoever wrote the settings; the traffic must not pay for it. */
  function fail(error: unknown): void {
    log.error('settings could not be applied', { path, error });
    reject([`${path}: could not be applied: ${error instanceof Error ? error.message : String(error)}`]);
  }

  const feed = watch({
    path,
    onChange: take,
    onError: (message) => {
      turn += 1;
      state.lastReadWallMs = wallMs();
      reject([message]);
    },
    onWarning: (message) => log.warn(message, { path }),
  });
  return { state: () => ({ ...state }), close: () => feed.close() };
}
