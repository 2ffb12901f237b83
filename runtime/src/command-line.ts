import { parseArgs } from 'node:util';
import { nearestName } from '@fusebox/api/nearest-name.ts';
import type { OptionTable } from './option.ts';

/** What stands on the command line, before any text is parsed. */
export interface CommandLine {
  texts: Map<string, string>;
  /** Words that are neither flags nor their values. */
  positionals: string[];
  faults: string[];
}

/** The flags as texts, by option; what is unknown, repeated or without its value becomes a fault. */
export function readArguments(table: OptionTable, args: readonly string[]): CommandLine {
  const options = Object.fromEntries(
    Object.values(table).map(({ flag, placeholder }) => [
      flag,
      { type: placeholder === null ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  options['help'] = { type: 'boolean', short: 'h' } as { type: 'boolean' };
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const line: CommandLine = { texts: new Map(), positionals: [], faults: [] };
  let valueOfUnknown = false;
  for (const token of tokens) {
    if (token.kind === 'positional' && !valueOfUnknown) line.positionals.push(token.value);
    valueOfUnknown = token.kind === 'option' && !takeFlag(table, line, token) && token.value === undefined;
  }
  return line;
}

/** False when there is no such option. */
function takeFlag(
  table: OptionTable,
  line: CommandLine,
  token: { name: string; rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): boolean {
  const keyOfFlag = new Map(Object.entries(table).map(([key, { flag }]) => [flag, key]));
  const key = token.rawName.startsWith('--') || token.rawName === '-h' ? keyOfFlag.get(token.name) : undefined;
  if (key === undefined) {
    const nearest = token.rawName.startsWith('--') ? nearestName(token.name, [...keyOfFlag.keys()]) : null;
    line.faults.push(`${token.rawName}: unknown option${nearest === null ? '' : `; did you mean --${nearest}?`}`);
    return false;
  }
  const { repeatable, placeholder } = table[key]!;
  const before = line.texts.get(key);
  if (placeholder === null) {
    line.texts.set(key, token.value ?? 'true');
  } else if (token.value === undefined || (token.inlineValue === false && token.value.startsWith('-'))) {
    line.faults.push(`--${token.name}: needs a value: ${placeholder}`);
  } else if (before !== undefined && !repeatable) {
    line.faults.push(`--${token.name}: given twice, "${before}" and "${token.value}"`);
  } else {
    line.texts.set(key, before === undefined ? token.value : `${before},${token.value}`);
  }
  return true;
}
