/** The name that was probably meant by `written`; null where none is near (more than a third of it would have to change). */
export function nearest(written: string, names: readonly string[]): string | null {
  const best = names
    .map((name) => ({ name, edits: editsBetween(written, name) }))
    .reduce((a, b) => (b.edits < a.edits ? b : a), { name: '', edits: Infinity });
  return best.edits <= Math.max(1, Math.floor(written.length / 3)) ? best.name : null;
}

/** Letters to insert, delete or replace: the distance of Levenshtein. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (b[j] === letter ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
