/** Looks things up in the tables of `bench/results/*.md`. */

/** One table: its rows by their first cell, each by column. */
export type ResultTable = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The first table of a page that has this column. Pure. @throws Error when there is none */
export function resultTable(page: string, column: string): ResultTable {
  const blocks = page.split(/\n(?!\|)/).map((block) => block.split('\n').filter((line) => line.startsWith('|')));
  for (const [head, , ...lines] of blocks) {
    if (head === undefined) continue;
    const columns = cellsOf(head);
    if (!columns.includes(column)) continue;
    return new Map(
      lines.map((line) => {
        const cells = cellsOf(line);
        return [cells[0] ?? '', new Map(columns.map((name, at) => [name, cells[at] ?? '']))];
      }),
    );
  }
  throw new Error(`no table with a column "${column}"`);
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
