/**
 * Which replicas there are, told by a Lease of each that it renews. As with the leader's Lease no two clocks are compared: a replica
 * is there until its Lease has not changed, before one's own eyes, for as long as it lasts. Pure.
 */
import type { LeaseRecord } from '../kube/leader-rule.ts';

/** A replica's Lease, and since when it has been seen as it is (ms, monotonic). */
interface Sighting {
  record: LeaseRecord;
  sinceMs: number;
}

/** By the names of replicas. */
export type ReplicaRoll = ReadonlyMap<string, Sighting>;

/** The roll after these Leases were read. One that was let go or deleted is of a replica that has ended. */
export function callRoll(before: ReplicaRoll, records: readonly LeaseRecord[], nowMs: number): ReplicaRoll {
  const present = records.flatMap((record) => (record.holder === null ? [] : [{ record, replica: record.holder }]));
  return new Map(
    present.map(({ record, replica }) => {
      const known = before.get(replica);
      return [replica, known?.record.mark === record.mark ? known : { record, sinceMs: nowMs }];
    }),
  );
}

/** The replicas that are there. */
export const presentReplicas = (roll: ReplicaRoll, nowMs: number): string[] =>
  [...roll].filter(([, { record, sinceMs }]) => nowMs - sinceMs < record.durationMs).map(([replica]) => replica);

/** Replicas whose Lease ended more than this long (ms) ago: nobody needs the object any more. */
export const forgottenReplicas = (roll: ReplicaRoll, nowMs: number, afterMs: number): string[] =>
  [...roll]
    .filter(([, { record, sinceMs }]) => nowMs - sinceMs >= record.durationMs + afterMs)
    .map(([replica]) => replica);
