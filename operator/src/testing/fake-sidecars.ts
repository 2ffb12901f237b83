import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { PodRegistry } from '../publish/publisher.ts';
import type { CircuitReport } from '@fusebox/api/report.ts';

/** Sidecars without sockets: each takes what is offered and answers as the test wants. */
export class FakeSidecars {
  /** What each pod (by UID) was sent, in order. */
  readonly received = new Map<string, Snapshot[]>();
  /** Of these pods the sidecar takes snapshots and says nothing. */
  readonly wedged = new Set<string>();
  /** Of these pods the sidecar refuses every snapshot, for this reason. */
  readonly refusing = new Map<string, string>();
  readonly #registry: PodRegistry;

  constructor(registry: PodRegistry) {
    this.#registry = registry;
  }

  /** A sidecar connects for this pod. */
  connect(pod: { namespace: string; name: string; uid: string }): void {
    let last: string | null = null;
    this.#registry.opened(pod.uid, {
      offer: (snapshot) => {
        if (snapshot.digest === last) return;
        last = snapshot.digest;
        this.received.set(pod.uid, [...(this.received.get(pod.uid) ?? []), snapshot]);
        if (!this.wedged.has(pod.uid)) queueMicrotask(() => this.report(pod, snapshot.digest));
      },
      end: () => {},
    });
  }

  /** It reports that it obeys this digest, or why it does not. */
  report(pod: { namespace: string; name: string; uid: string }, digest: string, circuits: CircuitReport[] = []): void {
    const reason = this.refusing.get(pod.uid) ?? null;
    this.#registry.reported(pod, {
      format: 1,
      digest,
      revision: '',
      result: reason === null ? 'applied' : 'rejected',
      reason,
      tookMs: 0,
      atWallMs: 0,
      version: 'fake',
      circuits,
    });
  }

  /** What this pod was sent last; null: nothing. */
  last(uid: string): Snapshot | null {
    return this.received.get(uid)?.at(-1) ?? null;
  }
}
