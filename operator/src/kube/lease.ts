/** Leases (`coordination.k8s.io/v1`) as they are read and written here. */
import type { LeaseRecord } from './leader-rule.ts';
import type { KubeObject, Resource } from './resource.ts';

export const leases: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' };

/** On the leader's Lease: where the leader takes the reports of the other replicas, as `HOST:PORT`. */
export const RELAY_ANNOTATION = 'fusebox.dev/relay';

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

const specOf = (lease: KubeObject): LeaseSpec => Object(lease['spec']) as LeaseSpec;

/** For a Lease that does not say how long it is good for (ms). */
const DURATION_MS = 15_000;

/** What a Lease says. */
export function readLease(lease: KubeObject): LeaseRecord {
  const { holderIdentity = '', leaseDurationSeconds, renewTime, acquireTime, leaseTransitions } = specOf(lease);
  return {
    holder: holderIdentity === '' ? null : holderIdentity,
    durationMs: leaseDurationSeconds === undefined ? DURATION_MS : leaseDurationSeconds * 1000,
    // An annotation that somebody writes is no sign of life of the holder.
    mark: [lease.metadata.uid, holderIdentity, leaseTransitions, acquireTime, renewTime].join('|'),
  };
}

export interface Holding {
  /** null: let go. */
  holder: string | null;
  durationMs: number;
  /** Now (ms since 1970). */
  wallMs: number;
}

/** The `spec` of a Lease that is taken, renewed or let go; `before`: as it stood. */
export function holdingSpec({ holder, durationMs, wallMs }: Holding, before: KubeObject | null): LeaseSpec {
  const old: LeaseSpec = before === null ? {} : specOf(before);
  const renewTime = microTime(wallMs);
  const sameHolder = before !== null && (old.holderIdentity ?? '') === (holder ?? '');
  const transitions = old.leaseTransitions ?? 0;
  return {
    holderIdentity: holder ?? '',
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: (sameHolder ? old.acquireTime : undefined) ?? renewTime,
    renewTime,
    leaseTransitions: before === null || sameHolder || holder === null ? transitions : transitions + 1,
  };
}

/** The API server's `MicroTime`: six digits after the second. */
export const microTime = (wallMs: number): string => new Date(wallMs).toISOString().replace('Z', '000Z');
