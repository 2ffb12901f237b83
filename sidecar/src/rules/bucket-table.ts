/**
 * One bucket per key (a header's value, a client's address), in bounded memory: so many keys, so many characters of keys.
 *
 * The keys that were longest not seen make room. Should one come back, its bucket is full again: with more keys in use at
 * once than the table holds, the limit is looser than written, never stricter. A key that was idle long enough to be
 * evicted has mostly refilled anyway.
 */
import type { RateLimitSettings } from '@fusebox/api/snapshot.ts';
import { newBucket, take, type TokenBucket } from './token-bucket.ts';

interface KeyedBucket extends TokenBucket {
  /** The table's own copy: see `ownCopy`. */
  key: string;
}

/** Plain, mutable; changed by `takeFrom` only. */
export interface BucketTable {
  /** In the order of their last use (a `Map` keeps insertion order). */
  readonly buckets: Map<string, KeyedBucket>;
  /** How many keys it holds at most (count). */
  readonly maxKeys: number;
  /** Length of all keys together (characters). */
  keyLength: number;
}

const DEFAULT_MAX_KEYS = 10_000;
/** A client may send keys as long as a head; together they take no more than this (characters, 2 bytes each). */
const MAX_KEY_LENGTH = 1_000_000;

/** An empty table; at most `maxKeys` (default 10,000) keys have a bucket at once. */
export function newBucketTable(maxKeys = DEFAULT_MAX_KEYS): BucketTable {
  return { buckets: new Map(), maxKeys, keyLength: 0 };
}

/** Takes one token from the bucket of `key`, which is full at first: 0, or how long until there is one (ms). */
export function takeFrom(table: BucketTable, settings: RateLimitSettings, key: string, nowMs: number): number {
  let bucket = table.buckets.get(key);
  if (bucket === undefined) {
    makeRoom(table, key.length);
    table.keyLength += key.length;
    bucket = { key: ownCopy(key), ...newBucket(settings, nowMs) };
  } else table.buckets.delete(key);
  table.buckets.set(bucket.key, bucket);
  return take(bucket, settings, nowMs);
}

function makeRoom(table: BucketTable, keyLength: number): void {
  for (const oldest of table.buckets.keys()) {
    if (table.buckets.size < table.maxKeys && table.keyLength + keyLength <= MAX_KEY_LENGTH) return;
    table.buckets.delete(oldest);
    table.keyLength -= oldest.length;
  }
}

// A header's value may be a slice of a whole head of 64 KiB, and keeping the slice would keep the head.
function ownCopy(key: string): string {
  return Buffer.from(key, 'utf16le').toString('utf16le');
}
