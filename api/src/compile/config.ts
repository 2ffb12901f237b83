/** Sixth pass: keys for the service. */
import type { Blobs, ConfigBlob, ConfigKeys } from '../config-values.ts';
import type { Document } from '../document.ts';
import type { Snapshot } from '../snapshot.ts';

/** All keys, lowest rank first in `sets`: the highest that has a key decides it. What there is none of is left out. */
export function mergeConfig(sets: readonly ConfigKeys[]): Pick<Snapshot, 'config' | 'configBlobs'> {
  const merged = new Map(sets.flatMap((keys) => Object.entries(keys)));
  const sorted = [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const texts = sorted.flatMap(([key, value]) => (typeof value === 'string' ? [[key, { value }] as const] : []));
  const blobs = sorted.flatMap(([key, value]) => (typeof value === 'string' ? [] : [[key, value] as const]));
  return {
    ...(texts.length > 0 && { config: Object.fromEntries(texts) }),
    ...(blobs.length > 0 && { configBlobs: Object.fromEntries<ConfigBlob>(blobs) }),
  };
}

/** The bytes that this snapshot names, out of the documents that it was compiled of. */
export function blobsFor({ configBlobs = {} }: Pick<Snapshot, 'configBlobs'>, documents: readonly Document[]): Blobs {
  const wanted = new Set(Object.values(configBlobs).map(({ digest }) => digest));
  const found = documents.flatMap((document) => (document.kind === 'ConfigMap' ? [...document.blobs] : []));
  return new Map(found.filter(([digest]) => wanted.has(digest)));
}
