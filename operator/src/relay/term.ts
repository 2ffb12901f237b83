/**
 * A term of leading: at first the leader knows only what pods told itself. What the others know counts as missing until each of them
 * has said it or has ended; until then nothing may be concluded from silence. Pure.
 */
export interface Term {
  /** Were the replicas counted since the term began? */
  counted: boolean;
  /** Replicas that have said all that they knew. */
  whole: ReadonlySet<string>;
  /** Once everything was known the term stays complete: whoever comes later tells what changes. */
  complete: boolean;
}

export const NEW_TERM: Term = { counted: false, whole: new Set(), complete: false };

/** A replica has said all that it knew. */
export const afterWhole = (term: Term, replica: string, present: readonly string[]): Term =>
  judged({ ...term, whole: new Set([...term.whole, replica]) }, present);

/** The replicas that are `present` were counted, this one (`me`) among them. */
export const afterCount = (term: Term, me: string, present: readonly string[]): Term =>
  judged({ ...term, counted: true, whole: new Set([...term.whole, me]) }, present);

const judged = (term: Term, present: readonly string[]): Term => ({
  ...term,
  complete: term.complete || (term.counted && present.every((replica) => term.whole.has(replica))),
});
