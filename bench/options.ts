import { parseArgs } from 'node:util';

const numbers = (text: string | undefined): number | null => (text === undefined ? null : Math.max(1, Number(text)));
const list = (text: string | undefined): string[] | null => text?.split(',') ?? null;

/** What may be said on the command line of a benchmark; null: as the benchmark has it. */
export interface Options {
  rounds: number | null;
  /** Length of a round. */
  seconds: number | null;
  /** Names of proxies. */
  only: string[] | null;
  /** Names of kinds of traffic. */
  scenarios: string[] | null;
  /** A run that was shortened is for looking: it is printed and replaces no results. */
  keep: boolean;
}

/** Reads `--rounds N --seconds S --only NAME,… --scenarios NAME,…`. @throws on anything else. */
export function readOptions(words: readonly string[]): Options {
  const names = ['rounds', 'seconds', 'only', 'scenarios'] as const;
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }] as const));
  const { values } = parseArgs({ args: [...words], options });
  const text = (name: (typeof names)[number]): string | undefined => values[name];
  return {
    rounds: numbers(text('rounds')),
    seconds: numbers(text('seconds')),
    only: list(text('only')),
    scenarios: list(text('scenarios')),
    keep: words.length === 0,
  };
}
