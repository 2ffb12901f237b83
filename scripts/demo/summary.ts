import { paint } from './paint.ts';

/** One promise, and what became of it. */
export interface Outcome {
  act: string;
  what: string;
  kept: boolean;
  figure: string;
}

const mark = (kept: boolean): string => (kept ? paint('green', '✓') : paint(['bold', 'red'], '✗'));

/** The line that is printed when a promise has been judged. */
export const outcomeLine = ({ what, kept, figure }: Outcome): string => `  ${mark(kept)} ${what}: ${figure}`;

/** A row per promise with its figure, by act; the figure below the promise where `columns` are too few for both (absent: never). */
export function summary(outcomes: readonly Outcome[], elapsedMs: number, columns = Infinity): string {
  const width = Math.max(...outcomes.map(({ what }) => what.length));
  const longest = Math.max(...outcomes.map(({ figure }) => figure.length));
  const gap = width + longest + 6 < columns ? '  ' : '\n      ';
  const rows = outcomes.flatMap(({ act, what, kept, figure }, at) => [
    ...(outcomes[at - 1]?.act === act ? [] : [paint('bold', act)]),
    `  ${mark(kept)} ${what.padEnd(gap === '  ' ? width : 0)}${gap}${kept ? paint('dim', figure) : figure}`,
  ]);
  const kept = outcomes.filter((outcome) => outcome.kept).length;
  const verdict = `${kept} of ${outcomes.length} promises kept in ${(elapsedMs / 1000).toFixed(0)} s`;
  return [
    '',
    paint('bold', 'Summary'),
    ...rows,
    '',
    paint(kept === outcomes.length ? ['bold', 'green'] : ['bold', 'red'], verdict),
  ].join('\n');
}
