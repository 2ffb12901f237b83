/** What this process remembers of the pods' reports, beside what the publisher knows. */
import { type Blobs, NO_BLOBS } from '@fusebox/api/config-values.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Acked, Publisher } from '../publish/publisher.ts';

export interface PodMemory {
  /** The last report. */
  acked: Acked | null;
  /** When it came (ms, monotonic). */
  atMs: number;
  /** The last report when the present snapshot was published. */
  ackedBefore: Acked | null;
  publishedDigest: string | null;
  /** When its sidecar was last heard of (ms, monotonic): a report, or a stream that opened or closed. */
  heardMs: number;
}

export class PodMemories {
  readonly #publisher: Publisher;
  readonly #byUid = new Map<string, PodMemory>();

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  get(podUid: string): PodMemory | null {
    return this.#byUid.get(podUid) ?? null;
  }

  /** Publishes, unless this pod was given the same before. */
  publish(podUid: string, snapshot: Snapshot, blobs: Blobs = NO_BLOBS): void {
    const memory = this.#memory(podUid);
    if (memory.publishedDigest === snapshot.digest) return;
    memory.ackedBefore = memory.publishedDigest === null ? null : this.#publisher.acked(podUid);
    memory.publishedDigest = snapshot.digest;
    this.#publisher.publish(podUid, snapshot, blobs);
  }

  /** Its sidecar reported, or its stream opened or closed. */
  reported(podUid: string, nowMs: number): void {
    const memory = this.#memory(podUid);
    const acked = this.#publisher.acked(podUid);
    memory.heardMs = nowMs;
    if (memory.acked === acked) return;
    memory.acked = acked;
    memory.atMs = nowMs;
  }

  /** The pod is gone. */
  withdraw(podUid: string): void {
    this.#byUid.delete(podUid);
    this.#publisher.withdraw(podUid);
  }

  #memory(podUid: string): PodMemory {
    let memory = this.#byUid.get(podUid);
    if (memory === undefined) {
      memory = { acked: null, atMs: 0, ackedBefore: null, publishedDigest: null, heardMs: 0 };
      this.#byUid.set(podUid, memory);
    }
    return memory;
  }
}
