import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fingerprintOf, readSettings } from './read-settings.ts';
import type { SettingsFile, SettingsReading } from './read-settings.ts';
import { placesToWatch } from './watch-places.ts';

export interface FileFeedOptions {
  /** File or folder; it need not exist yet. */
  path: string;
  /** Settings that differ from those delivered last, or the first after an error. */
  onChange: (files: SettingsFile[]) => void;
  /** What is there cannot be read. Not repeated while it stays the same. */
  onError: (message: string) => void;
  /** The system does not tell of changes, so that only the poll notices them. Said once. */
  onWarning?: (message: string) => void;
  /** How long nothing must happen before reading (ms). Default 10. */
  quietMs?: number;
  /** How often to look without having been told (ms), for file systems that tell nothing. Default 2000. */
  pollMs?: number;
}

/** Somebody who writes without end is read after so many quiet times. */
const maxQuietTimes = 20;

interface Watched {
  /** Which folder of that name: a new one may have taken its place. */
  identity: string;
  names: Set<string> | null;
  watcher: FSWatcher;
}

class FileFeed {
  readonly #options: Required<FileFeedOptions>;
  readonly #watched = new Map<string, Watched>();
  readonly #poll: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | null = null;
  #firstEventMs = 0;
  #reading = false;
  #again = false;
  #closed = false;
  #warned = false;
  #fingerprint = '';
  #delivered: string | null = null;
  #lastError: string | null = null;

  constructor(options: FileFeedOptions) {
    this.#options = { quietMs: 10, pollMs: 2000, onWarning: () => {}, ...options };
    this.#poll = setInterval(() => void this.#look(), this.#options.pollMs);
    this.#poll.unref();
    void this.#turn();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  /** The slow poll. */
  async #look(): Promise<void> {
    if (this.#reading || this.#quiet !== null) return;
    if ((await fingerprintOf(this.#options.path)) !== this.#fingerprint) this.#schedule();
  }

  /** Something happened: read once it is quiet. */
  #schedule(): void {
    if (this.#closed) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    const { quietMs } = this.#options;
    const nowMs = performance.now();
    if (this.#quiet === null) this.#firstEventMs = nowMs;
    else if (nowMs - this.#firstEventMs > quietMs * maxQuietTimes) return;
    else clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => void this.#turn(), quietMs);
  }

  /** Watches first and reads then, so that what changes in between is told. */
  async #turn(): Promise<void> {
    this.#quiet = null;
    this.#reading = true;
    this.#again = false;
    await this.#arm();
    const reading = await readSettings(this.#options.path);
    this.#reading = false;
    if (this.#closed) return;
    this.#deliver(reading);
    if (this.#again || reading.kind === 'changing') this.#schedule();
  }

  #deliver(reading: SettingsReading): void {
    if (reading.kind === 'changing') return;
    this.#fingerprint = reading.fingerprint;
    if (reading.kind === 'fault') {
      this.#delivered = null;
      if (reading.fault === this.#lastError) return;
      this.#lastError = reading.fault;
      this.#options.onError(reading.fault);
      return;
    }
    this.#lastError = null;
    const content = JSON.stringify(reading.files);
    if (content === this.#delivered) return;
    this.#delivered = content;
    this.#options.onChange(reading.files);
  }

  /** Watches what matters now, and no longer what has ceased to. */
  async #arm(): Promise<void> {
    const places = await placesToWatch(this.#options.path);
    for (const folder of this.#watched.keys()) if (!places.has(folder)) this.#unwatch(folder);
    for (const [folder, names] of places) {
      const identity = await identityOf(folder);
      const watched = this.#watched.get(folder);
      if (watched?.identity === identity) watched.names = names;
      else if (!this.#closed) this.#watch(folder, names, identity);
    }
  }

  #watch(folder: string, names: Set<string> | null, identity: string): void {
    this.#unwatch(folder);
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#heard(folder, name));
      watcher.on('error', (error) => {
        this.#unwatch(folder);
        this.#warn(error);
      });
      this.#watched.set(folder, { identity, names, watcher });
    } catch (error) {
      // A folder that has gone since it was found was replaced; its parent tells, or the poll.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) this.#warn(error);
    }
  }

  #unwatch(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }

  #heard(folder: string, name: string | null): void {
    const watched = this.#watched.get(folder);
    if (watched === undefined) return;
    const ours = name === null || watched.names === null || watched.names.has(name);
    // The folder itself was moved or removed: its watcher hears nothing more.
    const itself = name === basename(folder);
    if (itself) this.#unwatch(folder);
    if (ours || itself) this.#schedule();
  }

  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const why = error instanceof Error ? error.message : String(error);
    this.#options.onWarning(`changes are only noticed every ${this.#options.pollMs} ms: ${why}`);
  }
}

async function identityOf(folder: string): Promise<string> {
  const found = await stat(folder, { bigint: true }).catch(() => null);
  return found === null ? 'none' : `${found.dev} ${found.ino} ${found.birthtimeNs}`;
}

/**
 * Reads the settings at `path` now, and again within milliseconds of every change: writes in place, renames over it, and the
 * symlink swap of a mounted ConfigMap. Holds no process open by itself.
 */
export function watchSettings(options: FileFeedOptions): { close(): void } {
  const feed = new FileFeed(options);
  return { close: () => feed.close() };
}
