/**
 * A file changes in more ways than by being written: an editor renames a new one over it; a mounted ConfigMap is a
 * chain of links (`config.yaml` → `..data/config.yaml`, `..data` → `..2026_01_31/`), and an update replaces the link
 * `..data`, so that the file itself is never touched. So the folder is watched, not the file: the one that is named,
 * and the one where links lead.
 */
import { watch, type FSWatcher } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Something that tells of changes. */
export interface PathWatcher {
  /** Watches where the path leads now: after a change, a folder may be another one of the same name. */
  renew(): Promise<void>;
  close(): void;
}

/** Calls `onEvent` whenever a file, or a folder of files, may have changed. It need not exist. Holds no process open. */
export function watchPath(path: string, onEvent: () => void): PathWatcher {
  let watchers: FSWatcher[] = [];
  let closed = false;
  return {
    async renew() {
      const end = await realpath(path).catch(() => path);
      if (closed) return;
      const before = watchers;
      watchers = [path, end].flatMap((place) => [
        ...open(dirname(place), (name) => name === basename(place) || name.startsWith('..'), onEvent),
        // Its own content, where it is a folder.
        ...open(place, () => true, onEvent),
      ]);
      for (const watcher of before) watcher.close();
    },
    close() {
      closed = true;
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** None where there is nothing to watch: whoever also looks now and then finds out. */
function open(place: string, matters: (name: string) => boolean, onEvent: () => void): FSWatcher[] {
  try {
    const watcher = watch(place, { persistent: false }, (_event, name) => {
      if (name === null || matters(name)) onEvent();
    });
    return [watcher.on('error', () => watcher.close())];
  } catch {
    return [];
  }
}
