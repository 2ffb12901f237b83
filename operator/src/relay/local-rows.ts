import type { Clock } from '@fusebox/api/clock.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { Row } from './rows.ts';

/** The rows of this replica: what its own publisher knows, with times. */
export class LocalRows {
  readonly #rows = new Map<string, Row>();
  readonly #publisher: Pick<Publisher, 'acked' | 'isConnected'>;
  readonly #clock: Clock;
  #reports = 0;

  constructor(publisher: Pick<Publisher, 'acked' | 'isConnected'>, clock: Clock) {
    this.#publisher = publisher;
    this.#clock = clock;
  }

  get(podUid: string): Row | null {
    return this.#rows.get(podUid) ?? null;
  }

  podUids(): IterableIterator<string> {
    return this.#rows.keys();
  }

  /** To be called whenever the publisher may know something else of this pod. */
  update(podUid: string): void {
    const acked = this.#publisher.acked(podUid);
    const connected = this.#publisher.isConnected(podUid);
    if (acked === null && !connected) {
      this.#rows.delete(podUid);
      return;
    }
    const before = this.#rows.get(podUid);
    if (before !== undefined && before.acked === acked) {
      if (before.connected !== connected) this.#rows.set(podUid, { ...before, connected });
      return;
    }
    if (acked !== null) this.#reports += 1;
    this.#rows.set(podUid, { acked, reportedMs: this.#clock.nowMs(), number: this.#reports, connected });
  }
}
