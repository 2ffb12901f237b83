/**
 * One bucket per key (a header's value, a client's address), in bounded memory: so many keys, so many characters of keys.
 *
 * The keys that were longest not seen make room. Should one come back, its bucket is full again: with more keys in use at
 * once than the table holds, the limit is looser than written, never stricter. A key that was idle long enough to be
 * evicted has mostly refilled anyway.
 *
 * The order of use is a list of its own, not the order of the `Map`: to find its first entry, a `Map` walks over all that
 * were deleted before it, which cost 11 µs for each new key.
 */
import type { RateLimitSettings } from '@fusebox/api/snapshot.ts';
import { newBucket, take, type TokenBucket } from './token-bucket.ts';

interface KeyedBucket extends TokenBucket {
  /** The table's own copy: see `ownCopy`. */
  key: string;
  /** The next in the order of use. */
  older: KeyedBucket | null;
  newer: KeyedBucket | null;
}

/** Plain, mutable; changed by `takeFrom` and `clearBuckets` only. */
export interface BucketTable {
  readonly buckets: Map<string, KeyedBucket>;
  oldest: KeyedBucket | null;
  newest: KeyedBucket | null;
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
  return { buckets: new Map(), oldest: null, newest: null, maxKeys, keyLength: 0 };
}

/** Forgets every key: all buckets are full again. */
export function clearBuckets(table: BucketTable): void {
  table.buckets.clear();
  table.oldest = null;
  table.newest = null;
  table.keyLength = 0;
}

/** Takes one token from the bucket of `key`, which is full at first: 0, or how long until there is one (ms). */
export function takeFrom(table: BucketTable, settings: RateLimitSettings, key: string, nowMs: number): number {
  let bucket = table.buckets.get(key);
  if (bucket === undefined) {
    // Also after `buckets` was cleared by hand: the order of use must not name what is gone.
    if (table.buckets.size === 0) clearBuckets(table);
    makeRoom(table, key.length);
    bucket = { key: ownCopy(key), older: null, newer: null, ...newBucket(settings, nowMs) };
    table.buckets.set(bucket.key, bucket);
    table.keyLength += key.length;
    append(table, bucket);
  } else if (bucket !== table.newest) {
    unlink(table, bucket);
    append(table, bucket);
  }
  return take(bucket, settings, nowMs);
}

function makeRoom(table: BucketTable, keyLength: number): void {
  while (table.oldest !== null) {
    if (table.buckets.size < table.maxKeys && table.keyLength + keyLength <= MAX_KEY_LENGTH) return;
    table.buckets.delete(table.oldest.key);
    table.keyLength -= table.oldest.key.length;
    unlink(table, table.oldest);
  }
}

function append(table: BucketTable, bucket: KeyedBucket): void {
  bucket.older = table.newest;
  bucket.newer = null;
  if (table.newest === null) table.oldest = bucket;
  else table.newest.newer = bucket;
  table.newest = bucket;
}

function unlink(table: BucketTable, bucket: KeyedBucket): void {
  if (bucket.older === null) table.oldest = bucket.newer;
  else bucket.older.newer = bucket.newer;
  if (bucket.newer === null) table.newest = bucket.older;
  else bucket.newer.older = bucket.older;
}

// A header's value may be a slice of a whole head of 64 KiB, and keeping the slice would keep the head.
function ownCopy(key: string): string {
  return Buffer.from(key, 'utf16le').toString('utf16le');
}
