/** What is worth telling, and to whom: Events for people, messages on a bus for programs. Only the replica that writes tells. */
import type { Clock } from '@fusebox/api/clock.ts';
import type { LiveConfigStatus } from '@fusebox/api/object-status.ts';
import type { Acked } from '../publish/publisher.ts';
import { type CircuitChange, CircuitChanges, circuitNews } from './circuit-changes.ts';
import { type BusMessage, circuitMessage } from './cloud-events.ts';
import type { News, NewsSubject } from './news.ts';
import { statusNews } from './status-news.ts';

export interface NewsroomOptions {
  /** The newest report of a pod, as the publisher has it. */
  acked: (podUid: string) => Acked | null;
  /** May this replica write? */
  mayTell: () => boolean;
  /** The name of the pod's Deployment, StatefulSet or DaemonSet; null: it has none, or is not known. */
  workloadOf: (podUid: string) => string | null;
  /** The objects whose settings this pod obeys: their readers want to know of its circuits, too. */
  sourcesOf: (podUid: string) => readonly NewsSubject[];
  events: { tell(news: News): void };
  /** null: there is none. */
  bus: { tell(message: BusMessage): void } | null;
  clock: Clock;
}

export class Newsroom {
  readonly #options: NewsroomOptions;
  readonly #circuits = new CircuitChanges();

  constructor(options: NewsroomOptions) {
    this.#options = options;
  }

  /**
   * This replica tells from now on. What the one before told is not known: circuits that are not closed are told on the bus again, with
   * the ids they had, and not as Events.
   */
  begin(podUids: Iterable<string>): void {
    this.#circuits.clear();
    for (const podUid of podUids) {
      const acked = this.#options.acked(podUid);
      if (acked !== null) for (const change of this.#circuits.report(acked)) this.#tellBus(change);
    }
  }

  /** The publisher knows something else of this pod. */
  reported(podUid: string): void {
    const { acked, mayTell, sourcesOf, events } = this.#options;
    if (!mayTell()) return;
    const report = acked(podUid);
    if (report === null) return this.#circuits.forget(podUid);
    for (const change of this.#circuits.report(report)) {
      this.#tellBus(change);
      for (const about of [podSubject(change), ...sourcesOf(podUid)]) events.tell(circuitNews(about, change));
    }
  }

  /** This status was written in place of that one (null: of none). */
  statusWritten(about: NewsSubject, before: LiveConfigStatus | null, after: LiveConfigStatus): void {
    for (const news of statusNews(about, before, after)) this.#options.events.tell(news);
  }

  #tellBus(change: CircuitChange): void {
    const { bus, workloadOf, clock } = this.#options;
    const { uid, name } = change.pod;
    bus?.tell(circuitMessage(change, workloadOf(uid) ?? name, clock.wallMs()));
  }
}

const podSubject = ({ pod: { namespace, name, uid } }: CircuitChange): NewsSubject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace,
  name,
  uid,
});
