import type { Clock } from '@fusebox/api/clock.ts';
import { type Frame, rowOf } from './frames.ts';
import type { Row } from './rows.ts';

/** Pods that are remembered of one replica (count). Beyond, a cluster has more pods than one operator can serve. */
const MAX_PODS = 100_000;

export interface RemoteRowsEvents {
  /** Something else is known of this pod. */
  changed(podUid: string): void;
  /** This replica has said all that it knew. */
  whole(replica: string): void;
}

/** Takes the frames of one connection of one replica. */
export interface Feed {
  take(frame: Frame): void;
  /** The connection is over. What came is kept until `drop`; nobody is connected there, as far as is known. */
  end(): void;
}

/** What the other replicas know, as the leader hears it. */
export class RemoteRows {
  readonly #tables = new Map<string, Map<string, Row>>();
  readonly #feeds = new Map<string, Feed>();
  readonly #events: RemoteRowsEvents;
  readonly #clock: Clock;

  constructor(clock: Clock, events: RemoteRowsEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  rowsOf(podUid: string): Row[] {
    return [...this.#tables.values()].flatMap((table) => table.get(podUid) ?? []);
  }

  /** Every pod of which something is known. */
  podUids(): Set<string> {
    return new Set([...this.#tables.values()].flatMap((table) => [...table.keys()]));
  }

  /** Replicas of which a table is kept. */
  replicas(): string[] {
    return [...this.#tables.keys()];
  }

  /** A connection has begun. Its table takes the place of the one before when it is whole, and not sooner. */
  open(replica: string): Feed {
    let arriving: Map<string, Row> | null = new Map<string, Row>();
    const feed: Feed = {
      take: (frame) => {
        if (this.#feeds.get(replica) !== feed) return;
        if (frame.is === 'whole' && arriving !== null) {
          const table = arriving;
          arriving = null;
          this.#swap(replica, table);
          this.#events.whole(replica);
        } else if (frame.is === 'row' || frame.is === 'gone') {
          this.#set(frame, {
            replica,
            table: arriving ?? this.#tables.get(replica) ?? new Map<string, Row>(),
            live: arriving === null,
          });
        }
      },
      end: () => {
        if (this.#feeds.get(replica) !== feed) return;
        this.#feeds.delete(replica);
        for (const [pod, row] of this.#tables.get(replica) ?? []) {
          if (!row.connected) continue;
          this.#tables.get(replica)!.set(pod, { ...row, connected: false });
          this.#events.changed(pod);
        }
      },
    };
    this.#feeds.set(replica, feed);
    return feed;
  }

  /** This replica is no more, as far as its Lease tells; while it is connected, it is there all the same. */
  drop(replica: string): void {
    if (this.#feeds.has(replica)) return;
    this.#swap(replica, new Map());
    this.#tables.delete(replica);
  }

  /** Forgets everything, and tells nobody: this replica does not lead any more. */
  clear(): void {
    this.#tables.clear();
    this.#feeds.clear();
  }

  #set(
    frame: Extract<Frame, { is: 'row' | 'gone' }>,
    { replica, table, live }: { replica: string; table: Map<string, Row>; live: boolean },
  ): void {
    const { pod } = frame;
    if (frame.is === 'gone') table.delete(pod);
    else if (table.has(pod) || table.size < MAX_PODS) {
      table.set(pod, this.#sameOr(rowOf(frame, this.#clock.nowMs()), this.#tables.get(replica)?.get(pod)));
    }
    if (live) this.#events.changed(pod);
  }

  /** A report that was heard before is the same report, also when it is said again over another connection. */
  #sameOr(row: Row, before: Row | undefined): Row {
    if (before === undefined || before.number !== row.number) return row;
    return { ...before, connected: row.connected };
  }

  #swap(replica: string, table: Map<string, Row>): void {
    const before = this.#tables.get(replica) ?? new Map<string, Row>();
    this.#tables.set(replica, table);
    const same = (a: Row | undefined, b: Row | undefined): boolean =>
      a?.acked === b?.acked && a?.connected === b?.connected;
    for (const pod of new Set([...before.keys(), ...table.keys()])) {
      if (!same(before.get(pod), table.get(pod))) this.#events.changed(pod);
    }
  }
}
