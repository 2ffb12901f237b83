import { type Blobs, NO_BLOBS } from '@fusebox/api/config-values.ts';
import type { Report } from '@fusebox/api/report.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';

/** Which pod somebody is, as the API server says. */
export interface PodIdentity {
  namespace: string;
  name: string;
  uid: string;
}

/** The last report of a pod. */
export interface Acked {
  pod: PodIdentity;
  digest: string;
  result: Report['result'];
  /** Why it was rejected. */
  reason: string | null;
  /** When the sidecar swapped or rejected it, by its own clock (ms since 1970). */
  atWallMs: number;
  /** Of the sidecar. */
  version: string;
  circuits: Report['circuits'];
}

/** Brings snapshots to pods, and knows what they acknowledged. */
export interface Publisher {
  /**
   * Sets what this pod is to obey. It is pushed at once to the pod's stream when the digest differs from what was sent last.
   * To be called in the turn in which the snapshot was compiled: the revision of that moment goes with it. `blobs` are the
   * bytes that it names.
   */
  publish(podUid: string, snapshot: Snapshot, blobs?: Blobs): void;
  /** This pod obeys nobody any more: it is gone. Its stream ends. */
  withdraw(podUid: string): void;
  /** The last report of a pod; null when there is none from a pod that is published to or connected. */
  acked(podUid: string): Acked | null;
  /** Streams that are open (count). */
  connected(): number;
  /** Whether this pod has a stream open. */
  isConnected(podUid: string): boolean;
}

/** What a publisher tells. */
export interface PublisherEvents {
  /** A report came, or a stream was opened or closed. */
  changed(podUid: string): void;
}

/** One open stream, as the publisher sees it. */
export interface PodStream {
  /** This snapshot is to be the next one that is sent, instead of any that waits. One with the digest sent last is not sent. */
  offer(snapshot: Snapshot): void;
  end(reason: 'replaced' | 'withdrawn'): void;
}

interface Pod {
  snapshot: Snapshot | null;
  /** Of the snapshot; pods of one group share them. */
  blobs: Blobs;
  stream: PodStream | null;
  acked: Acked | null;
}

/** The publisher of one replica: what each pod is to obey, over which stream it hears it, and what it answered. */
export class PodRegistry implements Publisher {
  private readonly pods = new Map<string, Pod>();
  private readonly events: PublisherEvents;
  private streams = 0;

  constructor(events: PublisherEvents) {
    this.events = events;
  }

  publish(podUid: string, snapshot: Snapshot, blobs: Blobs = NO_BLOBS): void {
    const pod = this.podFor(podUid);
    pod.snapshot = snapshot;
    pod.blobs = blobs;
    pod.stream?.offer(snapshot);
  }

  withdraw(podUid: string): void {
    const pod = this.pods.get(podUid);
    if (pod === undefined) return;
    this.pods.delete(podUid);
    if (pod.stream === null) return;
    this.streams -= 1;
    pod.stream.end('withdrawn');
    this.events.changed(podUid);
  }

  /** The bytes with this digest, if the pod's own snapshot names them; null: it does not. */
  blob(podUid: string, digest: string): Uint8Array | null {
    return this.pods.get(podUid)?.blobs.get(digest) ?? null;
  }

  acked(podUid: string): Acked | null {
    return this.pods.get(podUid)?.acked ?? null;
  }

  connected(): number {
    return this.streams;
  }

  isConnected(podUid: string): boolean {
    return (this.pods.get(podUid)?.stream ?? null) !== null;
  }

  /**
   * A pod has opened a stream; the newest one counts, since the one before it may be half dead. `hasSeen`: the sidecar has had a
   * snapshot before. One that has not is a new process, for which what an earlier one reported does not hold.
   */
  opened(podUid: string, stream: PodStream, hasSeen = false): void {
    const pod = this.podFor(podUid);
    if (!hasSeen) pod.acked = null;
    const before = pod.stream;
    pod.stream = stream;
    if (before === null) this.streams += 1;
    else before.end('replaced');
    if (pod.snapshot !== null) stream.offer(pod.snapshot);
    this.events.changed(podUid);
  }

  /** A stream has ended; nothing happens when another one took its place. */
  closed(podUid: string, stream: PodStream): void {
    const pod = this.pods.get(podUid);
    if (pod?.stream !== stream) return;
    pod.stream = null;
    this.streams -= 1;
    if (pod.snapshot === null) this.pods.delete(podUid);
    this.events.changed(podUid);
  }

  /** A pod has reported. Of one that is neither published to nor connected nothing is kept: it reports again when it connects. */
  reported(identity: PodIdentity, report: Report): void {
    const pod = this.pods.get(identity.uid);
    if (pod === undefined) return;
    const { digest, result, reason, atWallMs, version, circuits } = report;
    pod.acked = { pod: identity, digest, result, reason, atWallMs, version, circuits };
    this.events.changed(identity.uid);
  }

  private podFor(podUid: string): Pod {
    let pod = this.pods.get(podUid);
    if (pod === undefined) {
      pod = { snapshot: null, blobs: NO_BLOBS, stream: null, acked: null };
      this.pods.set(podUid, pod);
    }
    return pod;
  }
}
