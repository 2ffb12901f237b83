/**
 * Revisions: for each watched kind the newest `resourceVersion` that a replica has observed, as `configmaps=812,pods=900`.
 *
 * Resource versions of one kind are whole numbers that grow; those of two kinds are not compared with each other. A revision is
 * therefore compared kind by kind, and only where both sides know the kind: replicas of two releases may watch different ones.
 */

/** How a replica stands towards what a sidecar has seen. */
export type Standing =
  /** It has observed all of it. */
  | 'reached'
  /** Something is missing: what it could send may be older than what the sidecar has. */
  | 'behind'
  /** Everything is smaller. When that stays so, the cluster was restored from a backup, or is another one. */
  | 'foreign';

/** The revision in its text form, in the order of the kinds' names. */
export const formatRevision = (versions: ReadonlyMap<string, string>): string =>
  [...versions]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, version]) => `${kind}=${version}`)
    .join(',');

/** Where a replica at `own` stands towards `theirs`. What cannot be read is as good as nothing. */
export function standingOf(own: string, theirs: string): Standing {
  const ours = parse(own);
  const shared = [...parse(theirs)].filter(([kind]) => ours.has(kind));
  const smaller = shared.filter(([kind, version]) => ours.get(kind)! < version).length;
  if (smaller === 0) return 'reached';
  return smaller === shared.length ? 'foreign' : 'behind';
}

function parse(text: string): Map<string, bigint> {
  const pairs = text.split(',').map((pair) => /^([\w./-]+)=(\d{1,20})$/.exec(pair));
  return new Map(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1]!, BigInt(pair[2]!)]])));
}
