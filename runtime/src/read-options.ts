import { readArguments } from './command-line.ts';
import type { Option, OptionTable } from './option.ts';

/** The value of each option of a table; null where nobody said it and it has no built-in text. */
export type OptionValues<Table extends OptionTable> = {
  [K in keyof Table]: Table[K] extends Option<infer T> ? T | null : never;
};

/** What the command line and the environment say. */
export interface ReadOptions<Table extends OptionTable> {
  values: OptionValues<Table>;
  /** Words that are neither flags nor their values. */
  positionals: string[];
  /** Everything that is wrong, each naming its option. */
  faults: string[];
}

/** Reads each option from its flag, else from its variable, else from its built-in text: all faults at once. */
export function readOptions<Table extends OptionTable>(
  table: Table,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ReadOptions<Table> {
  const { texts, positionals, faults } = readArguments(table, argv);
  const values = Object.fromEntries(Object.keys(table).map((key): [string, unknown] => [key, null]));
  for (const [key, option] of Object.entries(table)) {
    const found = textOf(option, texts.get(key), env);
    if (found === null) continue;
    const parsed = option.parse(found.text);
    if ('fault' in parsed) faults.push(`${found.where}: "${found.text}" ${parsed.fault}`);
    else values[key] = parsed.value;
  }
  return { values: values as OptionValues<Table>, positionals, faults };
}

/** Flag, else variable, else built-in: the text that counts, and where it stands. */
function textOf(
  option: Option<unknown>,
  fromFlag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): { text: string; where: string } | null {
  if (fromFlag !== undefined) return { text: fromFlag, where: `--${option.flag}` };
  for (const name of option.env) {
    const text = env[name];
    if (text !== undefined && text !== '') return { text, where: name };
  }
  return option.builtIn === null ? null : { text: option.builtIn, where: `--${option.flag}` };
}
