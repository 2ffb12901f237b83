/**
 * Judges, when all is over, what status said by what sidecars did. It knows nothing of how the operator comes to its words.
 */
import type { Marks, SourceName } from './marks.ts';

/** A sidecar began to enforce a snapshot. */
export interface Enforced {
  pod: string;
  /** Counts the processes of this pod's sidecar. */
  life: number;
  /** ms since 1970. */
  atMs: number;
  /** null: nobody has told what that snapshot carries. */
  marks: Marks | null;
}

/** A status said `Programmed=True`. */
export interface Claim {
  source: SourceName;
  /** Number of the edit that it spoke of; null: of settings that are bad. */
  mark: number | null;
  /** When a watch showed it (ms since 1970). */
  atMs: number;
}

/** A pod became this. */
export interface Standing {
  pod: string;
  app: string;
  ready: boolean;
  /** ms since 1970. */
  atMs: number;
}

export interface Story {
  enforced: readonly Enforced[];
  claims: readonly Claim[];
  standings: readonly Standing[];
  /** The label `app` of the pods that a source is for; null: all pods. */
  aims: Readonly<Record<SourceName, string | null>>;
}

export interface Verdict {
  /** Claims that were not true, each in a sentence. */
  lies: string[];
  /** Pods whose sidecar lost the settings of a source, or went back to older ones in one life. */
  losses: string[];
  /** Pairs of a claim and a pod that were compared (count). */
  compared: number;
}

/** A snapshot of unknown content may be the one that a claim speaks of, when it was enforced at most so long before (ms). */
const DOUBT_MS = 5_000;

/** A pod counts when it has been matched and Ready for so long (ms): nobody can know of a change before it is told. */
const SETTLED_MS = 2_000;

export function judge(story: Story): Verdict {
  const lies: string[] = [];
  let compared = 0;
  const pods = new Set(story.standings.map(({ pod }) => pod));
  for (const claim of story.claims) {
    const { source, mark, atMs } = claim;
    if (mark === null) lies.push(`${source} is Programmed with settings that are bad`);
    for (const pod of pods) {
      if (!isMatched(pod, claim, story)) continue;
      compared += 1;
      const obeyed = story.enforced.some(
        (one) =>
          one.pod === pod &&
          one.atMs <= atMs &&
          (one.marks === null ? one.atMs > atMs - DOUBT_MS : one.marks[source] === mark),
      );
      if (!obeyed) lies.push(`${source} is Programmed with edit ${mark} at ${atMs}, which ${pod} has not enforced`);
    }
  }
  return { lies, losses: [...pods].flatMap((pod) => lossesOf(pod, story)), compared };
}

function isMatched(pod: string, { source, atMs }: Claim, { standings, aims }: Story): boolean {
  const before = standings.filter((one) => one.pod === pod && one.atMs <= atMs - SETTLED_MS).at(-1);
  const since = standings.filter((one) => one.pod === pod && one.atMs > atMs - SETTLED_MS && one.atMs <= atMs);
  const fits = ({ ready, app }: Standing): boolean => ready && (aims[source] ?? app) === app;
  return before !== undefined && [before, ...since].every(fits);
}

/** Nothing is deleted in these stories: what a pod has once obeyed it goes on obeying, in this edit or a later one. */
function lossesOf(pod: string, { enforced, standings, aims }: Story): string[] {
  const moves = new Set(standings.filter((one) => one.pod === pod).map(({ app }) => app)).size > 1;
  const losses: string[] = [];
  const seen = new Map<string, { mark: number; life: number }>();
  for (const { marks, life, atMs } of enforced.filter((one) => one.pod === pod)) {
    if (marks === null) continue;
    for (const [source, { mark, life: before }] of seen) {
      const now = marks[source as SourceName];
      if (moves && aims[source as SourceName] !== null) continue;
      if (now === undefined) losses.push(`${pod} lost ${source} at ${atMs}`);
      else if (now < mark && life === before) losses.push(`${pod} went back from edit ${mark} of ${source} to ${now}`);
    }
    for (const [source, mark] of Object.entries(marks)) seen.set(source, { mark, life });
  }
  return losses;
}
