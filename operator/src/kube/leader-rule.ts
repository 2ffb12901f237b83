/**
 * Who leads, decided from a Lease and one's own clock. Pure.
 *
 * Clocks of two machines are never compared. A candidate counts from the moment when it saw the Lease change last; a leader
 * counts from the moment when it *sent* its last successful renewal, which is before anybody can have seen it. The leader gives
 * up after `renewMs`, others begin after the Lease's own duration: the difference is what clocks may drift apart in that time,
 * a third of it with the defaults.
 */

/** How leading is kept (ms). */
export interface LeaseTimes {
  /** Others wait this long after the last renewal that they saw. */
  leaseMs: number;
  /** A leader whose renewals fail leads no longer than this. */
  renewMs: number;
  /** Between two looks at the Lease, or two renewals. */
  retryMs: number;
}

/** The times that Kubernetes' own components use. */
export const LEASE_TIMES: LeaseTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** What a Lease says. */
export interface LeaseRecord {
  /** null: nobody, or whoever had it has let go. */
  holder: string | null;
  /** Asked for by the holder (ms). */
  durationMs: number;
  /** Different after each renewal and each change of hands. */
  mark: string;
}

/** What one candidate knows, all by its own monotonic clock. */
export interface Candidacy {
  seen: LeaseRecord | null;
  /** When the record was first seen as it is. */
  seenAtMs: number;
  /** Until when it leads, unless it renews. In the past: it does not. */
  leadsUntilMs: number;
}

/** Knows nothing, leads nobody. */
export const NEWCOMER: Candidacy = { seen: null, seenAtMs: 0, leadsUntilMs: -Infinity };

/** What to do now. */
export type LeaseMove = 'acquire' | 'renew' | 'wait';

/** The record was read, or shown by a refused write. null: there is no Lease. */
export function saw(before: Candidacy, record: LeaseRecord | null, nowMs: number): Candidacy {
  if (before.seen !== null && record !== null && before.seen.mark === record.mark) return before;
  return { ...before, seen: record, seenAtMs: nowMs };
}

/** A write that was sent at `sentMs` made this candidate the holder, or kept it. */
export function held(
  before: Candidacy,
  record: LeaseRecord,
  { sentMs, renewMs }: { sentMs: number; renewMs: number },
): Candidacy {
  return { ...before, seen: record, seenAtMs: sentMs, leadsUntilMs: sentMs + renewMs };
}

/** It leads no longer, whatever the Lease says. */
export const stoodDown = (before: Candidacy): Candidacy => ({ ...before, leadsUntilMs: -Infinity });

/** Does it lead at this moment? */
export const leads = ({ leadsUntilMs }: Candidacy, nowMs: number): boolean => nowMs < leadsUntilMs;

/** What `me` should do with the Lease as it was seen. */
export function nextMove({ seen, seenAtMs }: Candidacy, me: string, nowMs: number): LeaseMove {
  if (seen === null || seen.holder === null) return 'acquire';
  // Also after its leading has run out: the record still names it, so nobody else has begun.
  if (seen.holder === me) return 'renew';
  return nowMs - seenAtMs >= seen.durationMs ? 'acquire' : 'wait';
}
