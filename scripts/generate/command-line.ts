import type { Option } from '@fusebox/runtime/option.ts';
import { optionTable } from '@fusebox/sidecar/option-table.ts';
import type { Generator } from './generators.ts';
import { code, generatedNote, table } from './markdown.ts';

type AnyOption = Option<unknown>;

function row(option: AnyOption): string[] {
  const value = option.placeholder === null ? '' : ` ${option.placeholder}`;
  return [
    code(`--${option.flag}${value}`),
    option.env.map(code).join(', '),
    option.builtIn === null ? '' : code(option.builtIn),
    option.help,
  ];
}

function section([group, options]: [string, AnyOption[]]): string {
  return `## ${group}\n\n${table(['option', 'variable', 'default', ''], options.map(row))}\n`;
}

function render(): string {
  const groups = Map.groupBy(Object.values<AnyOption>(optionTable), (option) => option.group);
  return `${generatedNote('sidecar/src/option-table.ts')}
# Command line of \`fusebox-sidecar\`

\`\`\`
fusebox-sidecar [options]          serve until SIGTERM
fusebox-sidecar --check [options]  check the settings in --config and end
fusebox-sidecar drain [options]    tell the sidecar at --admin to drain (for a preStop hook)
\`\`\`

A flag beats its variable. An empty variable counts as absent. All faults are reported at once, with exit status 64.

${[...groups].map(section).join('\n')}`;
}

/** docs/command-line.md: every option of the sidecar. */
export const commandLinePage: Generator = { file: 'docs/command-line.md', render };
