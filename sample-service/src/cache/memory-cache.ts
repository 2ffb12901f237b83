import { holdMs, type Cache, type Copy } from './cache.ts';

interface Entry<Value> {
  /** null: the key was forgotten, and copies are not taken until then. */
  copy: Copy<Value> | null;
  endsAtMs: number;
}

/**
 * Copies in this process. Those used least recently go first. Other processes have copies of their own, and do not hear
 * when one forgets.
 * @param maxEntries count; asked for each time
 * @param nowMs ms since 1970
 */
export function memoryCache<Value>(maxEntries: () => number, nowMs: () => number): Cache<Value> {
  const entries = new Map<string, Entry<Value>>(); // in the order of their last use
  const find = (key: string): Entry<Value> | null => {
    const entry = entries.get(key);
    if (entry === undefined || nowMs() >= entry.endsAtMs) return null;
    return entry;
  };
  const keep = (key: string, entry: Entry<Value>): void => {
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries()) break;
      entries.delete(oldest);
    }
  };
  return {
    async get(key) {
      const entry = find(key);
      if (entry !== null) keep(key, entry);
      return entry?.copy ?? null;
    },
    async put(key, copy, ttlMs) {
      if (find(key)?.copy !== null) keep(key, { copy, endsAtMs: nowMs() + ttlMs });
    },
    async forget(key) {
      keep(key, { copy: null, endsAtMs: nowMs() + holdMs });
    },
    async close() {
      entries.clear();
    },
  };
}
