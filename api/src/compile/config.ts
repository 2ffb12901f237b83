/** Sixth pass: keys for the service. */
import type { ConfigKeys } from '../config-map.ts';
import type { Snapshot } from '../snapshot.ts';

/** All keys, lowest rank first in `sets`: the highest that has a key decides it. null: there are none. */
export function mergeConfig(sets: readonly ConfigKeys[]): NonNullable<Snapshot['config']> | null {
  const merged = new Map(sets.flatMap((keys) => Object.entries(keys)));
  if (merged.size === 0) return null;
  const sorted = [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, { value }]));
}
