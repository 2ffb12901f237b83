/** A token bucket: fills at a steady rate up to `burst`, one token a request. */
import type { RateLimitSettings } from '@fusebox/api/snapshot.ts';

type BucketSettings = Pick<RateLimitSettings, 'requestsPerSecond' | 'burst'>;

/** What was in the bucket, and when. Plain, mutable; changed by `take` only. */
export interface TokenBucket {
  /** Fractional, 0..burst. */
  tokens: number;
  /** When `tokens` was true (ms). */
  atMs: number;
}

/** Fractions add up to a hair below the whole token they are worth; a caller that waited as told must not be sent away again. */
const ROUNDING = 1e-6;

/** A full bucket. */
export function newBucket(settings: BucketSettings, nowMs: number): TokenBucket {
  return { tokens: settings.burst, atMs: nowMs };
}

/**
 * Takes one token: 0 when there was one, else how long until there is (ms, > 0, nothing taken). What came in since the last
 * call counts at today's rate, and never above today's `burst`.
 */
export function take(bucket: TokenBucket, settings: BucketSettings, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(settings.burst, bucket.tokens + (elapsedMs * settings.requestsPerSecond) / 1000);
  bucket.atMs += elapsedMs;
  const missing = 1 - tokens;
  if (missing > ROUNDING) {
    bucket.tokens = tokens;
    return (missing * 1000) / settings.requestsPerSecond;
  }
  bucket.tokens = Math.max(0, tokens - 1);
  return 0;
}
