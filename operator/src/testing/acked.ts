import type { Acked } from '../publish/publisher.ts';

/** A report of this pod, as a publisher keeps it; a test bends it. */
export const ackedOf = (podUid: string, more: Partial<Acked> = {}): Acked => ({
  pod: { namespace: 'shop', name: podUid, uid: podUid },
  digest: `sha256:${'0'.repeat(64)}`,
  result: 'applied',
  reason: null,
  atWallMs: 1_000,
  version: '1.0.0',
  circuits: [],
  ...more,
});
