/**
 * Which circuits changed, told by one report of a pod after another. A report may come after several changes; what its era proves
 * to have happened in between is told, too. Pure.
 */
import type { Acked, PodIdentity } from '../publish/publisher.ts';
import type { News } from './news.ts';

type Circuit = Acked['circuits'][number];

/** A circuit of a pod came into this state. */
export interface CircuitChange {
  pod: PodIdentity;
  route: string;
  /** null: not known. */
  from: Circuit['state'] | null;
  to: Circuit['state'];
  /** Counts the openings of this circuit, and its resets. */
  era: number;
  /** Why it opened. */
  reason: string | null;
  /** When the report's snapshot was swapped (ms since 1970, by the sidecar's clock): tells two lives of a sidecar apart. */
  snapshotWallMs: number;
}

/** What is remembered of each pod's circuits. */
export class CircuitChanges {
  readonly #pods = new Map<string, Map<string, Circuit>>();

  /** What changed since the last report of this pod. Of a circuit that was not known before only that it is not closed is news. */
  report(acked: Acked): CircuitChange[] {
    const { pod, circuits, atWallMs: snapshotWallMs } = acked;
    const before = this.#pods.get(pod.uid) ?? new Map<string, Circuit>();
    this.#pods.set(pod.uid, new Map(circuits.map((circuit) => [circuit.route, circuit])));
    return circuits.flatMap((circuit) => {
      const { route, era, reason } = circuit;
      return steps(before.get(route) ?? null, circuit).map(({ from, to }) => ({
        pod,
        route,
        from,
        to,
        era,
        reason,
        snapshotWallMs,
      }));
    });
  }

  /** The pod is gone. */
  forget(podUid: string): void {
    this.#pods.delete(podUid);
  }

  /** Nothing is known any more: another replica saw what happens from now on. */
  clear(): void {
    this.#pods.clear();
  }
}

interface Step {
  from: Circuit['state'] | null;
  to: Circuit['state'];
}

function steps(before: Circuit | null, after: Circuit): Step[] {
  if (before === null) return after.state === 'Closed' ? [] : [{ from: null, to: after.state }];
  // A smaller era: the sidecar has begun anew, all closed.
  const known = after.era < before.era ? { state: 'Closed' as const, era: 0 } : before;
  if (after.era === known.era) return after.state === known.state ? [] : [{ from: known.state, to: after.state }];
  // Closed, and never opened since: it was reset (Shadow became Enforce), which starts an era, too.
  if (after.state === 'Closed' && after.reason === null)
    return known.state === 'Closed' ? [] : [{ from: known.state, to: 'Closed' }];
  const opened: Step = { from: known.state, to: 'Open' };
  return after.state === 'Open' ? [opened] : [opened, { from: 'Open', to: after.state }];
}

const WORDS: Readonly<Record<Circuit['state'], Pick<News, 'type' | 'reason' | 'action'> & { word: string }>> = {
  Open: { type: 'Warning', reason: 'CircuitOpened', action: 'Open', word: 'opened' },
  HalfOpen: { type: 'Normal', reason: 'CircuitHalfOpened', action: 'Try', word: 'lets trials through' },
  Closed: { type: 'Normal', reason: 'CircuitClosed', action: 'Close', word: 'closed' },
};

/** The change in words, for an Event about the pod or about an object that is for it. */
export function circuitNews(about: News['about'], { pod, route, to, reason }: CircuitChange): News {
  const { word, ...kind } = WORDS[to];
  const why = to === 'Open' && reason !== null ? `: ${reason}` : '';
  return { about, ...kind, note: `the circuit of ${route} ${word} in pod ${pod.name}${why}` };
}
