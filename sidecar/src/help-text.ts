import { optionTable } from './option-table.ts';
import type { Option } from './option-table.ts';

const usage = `fusebox-sidecar: breaks circuits, limits concurrency, carries traces and gates routes in front of one service

Usage:
  fusebox-sidecar [options]          serve until SIGTERM
  fusebox-sidecar --check [options]  check the settings in --config and end
  fusebox-sidecar drain [options]    tell the sidecar at --admin to drain (for a preStop hook)
`;

const ending = `
A flag beats its variable; an empty variable counts as absent. Durations: 250ms, 5s, 1m30s. IPv6: [::1]:4140.

Examples:
  fusebox-sidecar --upstream 127.0.0.1:8080 --config policies/
  fusebox-sidecar --config users.yaml --namespace shop --workload deployment/users --labels app=users,tier=gold
  fusebox-sidecar --check --config policies/

Exit status: 0 ended as asked, 1 failed or the settings checked are wrong, 64 the command line is wrong.
`;

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

/** What `--help` prints: every option with its variable and default, in the order of the table, at most 100 columns wide. */
export function helpText(): string {
  const lines: string[] = [];
  let group = '';
  for (const option of Object.values<Option<unknown>>(optionTable)) {
    if (option.group !== group) lines.push('', `${option.group}:`);
    group = option.group;
    lines.push(...entry(option));
  }
  return `${usage}${lines.join('\n')}\n${ending}`;
}
