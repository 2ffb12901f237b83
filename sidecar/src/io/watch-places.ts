/**
 * Where to watch so that no change of a settings file goes unseen. A file changes in more ways than by being written: an editor
 * renames a new one over it; a mounted ConfigMap is a chain of symlinks (`policy.yaml` → `..data/policy.yaml`, `..data` →
 * `..2026_01_31/`), and an update replaces the link `..data`, so that neither file nor folder is ever written. Watching the file itself
 * would keep hold of the old inode. So every folder is watched that holds a link on the way, and the one that holds the end.
 */
import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';
import { isSettingsName } from './read-settings.ts';

/** Folders to watch, each with the names that matter there; null: every name. */
export type WatchPlaces = Map<string, Set<string> | null>;

/** As many links as Linux follows. */
const maxLinks = 40;

function note(places: WatchPlaces, folder: string, name: string): void {
  const names = places.get(folder);
  if (names === undefined) places.set(folder, new Set([name]));
  else names?.add(name);
}

/** Walks to the end of all links, noting each step that may change; null when the path leads nowhere yet. */
async function follow(path: string, places: WatchPlaces): Promise<string | null> {
  const absolute = resolve(path);
  const { root } = parse(absolute);
  const ahead = absolute.slice(root.length).split(sep);
  let current = root;
  for (let links = 0, name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    const next = join(current, name);
    const found = await lstat(next).catch(() => null);
    if (found === null) {
      note(places, current, name);
      return null;
    }
    if (found.isSymbolicLink()) {
      note(places, current, name);
      const target = await readlink(next).catch(() => '');
      if (target === '' || ++links > maxLinks) return null;
      ahead.unshift(...target.split(sep));
      if (target.startsWith(sep)) current = root;
    } else {
      current = next;
    }
  }
  note(places, dirname(current), basename(current));
  return current;
}

/** The places for a file or a folder, which need not exist. Never rejects. */
export async function placesToWatch(path: string): Promise<WatchPlaces> {
  const places: WatchPlaces = new Map();
  const end = await follow(path, places);
  const names = end === null ? null : await readdir(end).catch(() => null);
  if (end === null || names === null) return places;
  places.set(end, null);
  for (const name of names.filter(isSettingsName)) await follow(join(end, name), places);
  return places;
}
