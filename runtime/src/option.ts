/** One option of a program: its flag, its variable and its meaning. The parser, `--help` and docs/command-line.md read tables of them. */

/** What a text on the command line means, or why it means nothing (a clause that follows the quoted text). */
export type Parsed<T> = { value: T } | { fault: string };

export interface Option<T> {
  /** Without the dashes. */
  flag: string;
  /** Variables that are read when the flag is absent; the first that is set and not empty counts. */
  env: readonly string[];
  /** Its heading in the help. */
  group: string;
  /** What stands for the value in the help; null: a switch without a value. */
  placeholder: string | null;
  help: string;
  /** As it would be written; null: the value is then absent. */
  builtIn: string | null;
  /** May be given several times; the texts are joined by commas. */
  repeatable: boolean;
  parse: (text: string) => Parsed<T>;
}

/** Options by the name of their value, in the order of the help. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

type Row<T> = Pick<Option<T>, 'group' | 'placeholder' | 'help' | 'parse'> & {
  builtIn?: string;
  moreEnv?: readonly string[];
  repeatable?: boolean;
};

/** An option; its variable is the flag's name in capitals behind `FUSEBOX_`. */
export function option<T>(flag: string, row: Row<T>): Option<T> {
  const env = [`FUSEBOX_${flag.toUpperCase().replaceAll('-', '_')}`, ...(row.moreEnv ?? [])];
  const { group, placeholder, help, parse } = row;
  return {
    flag,
    env,
    group,
    placeholder,
    help,
    parse,
    builtIn: row.builtIn ?? null,
    repeatable: row.repeatable ?? false,
  };
}
