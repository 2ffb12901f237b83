import type { Option, OptionTable } from './option.ts';

const widthColumns = 100;
const indent = ' '.repeat(6);

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > widthColumns && line !== indent) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}

function entry(option: Option<unknown>): string[] {
  const names = option.flag === 'help' ? '-h, --help' : `--${option.flag}`;
  const notes = [`env ${option.env.join(', ')}`];
  if (option.builtIn !== null) notes.unshift(`default ${option.builtIn}`);
  const head = `  ${names}${option.placeholder === null ? '' : ` ${option.placeholder}`}`;
  return [head, ...wrapped(`${option.help} [${notes.join('; ')}]`)];
}

/** What `--help` prints: every option with its variable and default, in the order of the table, at most 100 columns wide, between `usage` and `ending`. */
export function helpText(table: OptionTable, { usage, ending }: { usage: string; ending: string }): string {
  const lines: string[] = [];
  let group = '';
  for (const option of Object.values(table)) {
    if (option.group !== group) lines.push('', `${option.group}:`);
    group = option.group;
    lines.push(...entry(option));
  }
  return `${usage}${lines.join('\n')}\n${ending}`;
}
