import type { Clock } from '@fusebox/api/clock.ts';
import { type Blobs, NO_BLOBS } from '@fusebox/api/config-values.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { type Acked, PodRegistry, type Publisher, type PublisherEvents } from '../publish/publisher.ts';
import { LocalRows } from './local-rows.ts';
import { RemoteRows } from './remote-rows.ts';
import { newestReport, type Row } from './rows.ts';

export interface ReplicatedPublisherOptions {
  clock: Clock;
  events: PublisherEvents;
}

/** The publisher of this replica, which also knows what pods reported to the others, as long as it leads. */
export class ReplicatedPublisher implements Publisher {
  /** Of this replica alone: for the server that sidecars connect to. */
  readonly registry: PodRegistry;
  readonly local: LocalRows;
  readonly remote: RemoteRows;
  readonly #localListeners = new Set<(podUid: string) => void>();
  readonly #wholeListeners = new Set<(replica: string) => void>();
  readonly #events: PublisherEvents;

  constructor({ clock, events }: ReplicatedPublisherOptions) {
    this.#events = events;
    this.registry = new PodRegistry({ changed: (podUid) => this.#localChanged(podUid) });
    this.local = new LocalRows(this.registry, clock);
    this.remote = new RemoteRows(clock, {
      changed: (podUid) => events.changed(podUid),
      whole: (replica) => {
        for (const listener of this.#wholeListeners) listener(replica);
      },
    });
  }

  publish(podUid: string, snapshot: Snapshot, blobs: Blobs = NO_BLOBS): void {
    this.registry.publish(podUid, snapshot, blobs);
  }

  withdraw(podUid: string): void {
    this.registry.withdraw(podUid);
    // The registry tells nothing of a pod that had no stream.
    this.#updateLocal(podUid);
  }

  acked(podUid: string): Acked | null {
    return newestReport(this.#rows(podUid));
  }

  /** Streams of this replica (count). */
  connected(): number {
    return this.registry.connected();
  }

  isConnected(podUid: string): boolean {
    return this.#rows(podUid).some(({ connected }) => connected);
  }

  /** Every pod of which something is known. */
  podUids(): Set<string> {
    return new Set([...this.local.podUids(), ...this.remote.podUids()]);
  }

  /** Tells of each change of `local`. */
  onLocal(listener: (podUid: string) => void): void {
    this.#localListeners.add(listener);
  }

  /** Tells when a replica has said all that it knew. */
  onWhole(listener: (replica: string) => void): void {
    this.#wholeListeners.add(listener);
  }

  #rows(podUid: string): Row[] {
    const own = this.local.get(podUid);
    const others = this.remote.rowsOf(podUid);
    return own === null ? others : [own, ...others];
  }

  #localChanged(podUid: string): void {
    this.#updateLocal(podUid);
    this.#events.changed(podUid);
  }

  #updateLocal(podUid: string): void {
    this.local.update(podUid);
    for (const listener of this.#localListeners) listener(podUid);
  }
}
