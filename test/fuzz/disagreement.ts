/** What the code under test and the reference disagree about: an invariant that does not hold. */
export class Disagreement extends Error {}

/** @throws Disagreement saying `what`, where it does not hold. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Disagreement(what);
}
