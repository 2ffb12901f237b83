/**
 * At most `maxConcurrent` in flight, then a bounded queue, first come first served.
 *
 * Whoever waits is a node of the queue itself (the exchange carries `next` and `prev`), so entering, leaving and being
 * served are O(1) and allocate nothing, from the middle of the queue too: clients that give up leave at once.
 */
import type { ConcurrencySettings } from '@fusebox/api/snapshot.ts';

/** What something must carry to wait in a limiter's queue. In at most one queue at a time. */
export interface QueueNode<T> {
  next: T | null;
  prev: T | null;
  /** When it began to wait (ms). */
  enqueuedAtMs: number;
}

/** Plain, mutable, owned by one route. Change it through the functions of this file only. */
export interface Limiter<T extends QueueNode<T>> {
  /** Places held (count). Also counted where nothing is limited, so that a limit set later knows. */
  inFlight: number;
  /** Waiting (count). */
  queued: number;
  /** The oldest and the newest that wait. */
  head: T | null;
  tail: T | null;
}

/** A limiter that nobody uses yet. */
export function newLimiter<T extends QueueNode<T>>(): Limiter<T> {
  return { inFlight: 0, queued: 0, head: null, tail: null };
}

/** Takes a place if one is free and nobody waits for it. Without settings, in Shadow and when Disabled there always is one. */
export function tryAcquire<T extends QueueNode<T>>(limiter: Limiter<T>, settings: ConcurrencySettings | null): boolean {
  if (settings !== null && settings.mode === 'Enforce') {
    if (limiter.head !== null || limiter.inFlight >= settings.maxConcurrent) return false;
  }
  limiter.inFlight++;
  return true;
}

/** Shadow: would Enforce refuse one more now? Nobody waits in Shadow, so what would wait is in flight too. Ask before `tryAcquire`. */
export function wouldRefuse<T extends QueueNode<T>>(limiter: Limiter<T>, settings: ConcurrencySettings): boolean {
  return limiter.inFlight + limiter.queued >= settings.maxConcurrent + settings.queueSize;
}

/** Puts `node` at the end of the queue; false when the queue is full. */
export function enqueue<T extends QueueNode<T>>(
  limiter: Limiter<T>,
  settings: ConcurrencySettings,
  node: T,
  nowMs: number,
): boolean {
  if (limiter.queued >= settings.queueSize) return false;
  node.enqueuedAtMs = nowMs;
  node.prev = limiter.tail;
  node.next = null;
  if (limiter.tail === null) limiter.head = node;
  else limiter.tail.next = node;
  limiter.tail = node;
  limiter.queued++;
  return true;
}

/**
 * Gives a place back. The answer holds a place now and must go on; ask `admitWaiting` for more until null, since settings
 * may have become wider: `for (let n = release(…); n !== null; n = admitWaiting(…)) resume(n)`.
 */
export function release<T extends QueueNode<T>>(limiter: Limiter<T>, settings: ConcurrencySettings | null): T | null {
  limiter.inFlight--;
  return admitWaiting(limiter, settings);
}

/**
 * Gives a free place to the oldest that waits; null when nobody waits or nothing is free. After an edit of the settings,
 * ask until null: a higher limit lets several in, none at all (or Shadow, or Disabled) everybody. A lower limit evicts
 * nobody, and hands no place on until fewer than `maxConcurrent` are in flight.
 */
export function admitWaiting<T extends QueueNode<T>>(
  limiter: Limiter<T>,
  settings: ConcurrencySettings | null,
): T | null {
  if (settings !== null && settings.mode === 'Enforce' && limiter.inFlight >= settings.maxConcurrent) return null;
  const node = takeFirst(limiter);
  if (node !== null) limiter.inFlight++;
  return node;
}

/** Takes `node` out of the queue (its client has gone). False when it did not wait here: then nothing changes. */
export function leave<T extends QueueNode<T>>(limiter: Limiter<T>, node: T): boolean {
  if (node.prev === null && limiter.head !== node) return false;
  if (node.prev === null) limiter.head = node.next;
  else node.prev.next = node.next;
  if (node.next === null) limiter.tail = node.prev;
  else node.next.prev = node.prev;
  node.next = null;
  node.prev = null;
  limiter.queued--;
  return true;
}

/** Takes the oldest out if it has waited `queueTimeoutMs` (today's) or longer, else null. Ask until null. It holds no place. */
export function takeExpired<T extends QueueNode<T>>(
  limiter: Limiter<T>,
  settings: ConcurrencySettings,
  nowMs: number,
): T | null {
  if (limiter.head === null || nowMs < limiter.head.enqueuedAtMs + settings.queueTimeoutMs) return null;
  return takeFirst(limiter);
}

/** When the oldest will have waited long enough (ms, same clock as `enqueue`), or -1 when nobody waits. */
export function nextExpiryMs<T extends QueueNode<T>>(limiter: Limiter<T>, settings: ConcurrencySettings): number {
  return limiter.head === null ? -1 : limiter.head.enqueuedAtMs + settings.queueTimeoutMs;
}

/** Takes the oldest out of the queue, without a place: to refuse all who wait, when the circuit opens. */
export function takeFirst<T extends QueueNode<T>>(limiter: Limiter<T>): T | null {
  const node = limiter.head;
  if (node !== null) leave(limiter, node);
  return node;
}
