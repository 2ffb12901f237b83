/** How a pod stands towards one source. */
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { PodSidecar } from '../inject/injected-pod.ts';
import type { Acked } from '../publish/publisher.ts';

export type PodStanding =
  /** Its sidecar obeys the present settings. */
  | { is: 'programmed' }
  /** Its sidecar refused them. */
  | { is: 'rejected'; reason: string }
  /** Its sidecar has not confirmed them (yet). */
  | { is: 'pending' }
  /** It has no sidecar. `why`: as the webhook said; null: it was not asked. */
  | { is: 'bare'; why: string | null }
  /** It says that it has a sidecar, and none answers for it. */
  | { is: 'silent'; sinceMs: number };

/** What is known about a pod's sidecar. */
export interface PodReport {
  sidecar: PodSidecar;
  acked: Acked | null;
  connected: boolean;
  /** A report that was there before the present snapshot was published says nothing about it. */
  ackedBefore: Acked | null;
  /** Since when it has been ready and nothing was heard of its sidecar, as far as this process knows (ms, monotonic). */
  silentSinceMs: number;
}

/** What a pod should have: the snapshot of its group, and the settings that each digest was made of. */
export interface Wanted {
  snapshot: Snapshot | null;
  madeOf: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Does this pod obey the settings with this tag? */
export function standingOf(tag: string, report: PodReport, wanted: Wanted): PodStanding {
  const { sidecar, acked, connected, ackedBefore, silentSinceMs } = report;
  if (acked === null) {
    if (connected) return { is: 'pending' };
    if (sidecar.kind === 'none') return { is: 'bare', why: sidecar.why };
    // Nobody sees the sidecar that a pod says it brings; an injected one stands in its spec.
    return sidecar.kind === 'own' ? { is: 'silent', sinceMs: silentSinceMs } : { is: 'pending' };
  }
  if (acked.result === 'rejected') {
    // What it refused may be a snapshot that nobody wants any more.
    const refused = acked.digest === wanted.snapshot?.digest;
    return refused ? { is: 'rejected', reason: acked.reason ?? 'no reason was given' } : { is: 'pending' };
  }
  const madeOfThem = wanted.madeOf.get(acked.digest)?.has(tag) === true;
  // Back to an earlier digest: the old report of it may have been overtaken by what was sent in between.
  const overtaken = acked === ackedBefore && acked.digest === wanted.snapshot?.digest;
  return madeOfThem && !overtaken ? { is: 'programmed' } : { is: 'pending' };
}
