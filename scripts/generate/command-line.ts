import type { Option } from '@fusebox/runtime/option.ts';
import { optionTable as operatorOptions } from '@fusebox/operator/option-table.ts';
import { optionTable as sidecarOptions } from '@fusebox/sidecar/option-table.ts';
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
  return `### ${group}\n\n${table(['option', 'variable', 'default', ''], options.map(row))}\n`;
}

interface Program {
  name: string;
  usage: string;
  options: Readonly<Record<string, AnyOption>>;
}

const programs: readonly Program[] = [
  {
    name: 'fusebox-sidecar',
    usage: `fusebox-sidecar [options]          serve until SIGTERM
fusebox-sidecar --check [options]  check the settings in --config and end
fusebox-sidecar drain [options]    tell the sidecar at --admin to drain (for a preStop hook)`,
    options: sidecarOptions,
  },
  { name: 'fusebox-operator', usage: 'fusebox-operator [options]  run until SIGTERM', options: operatorOptions },
];

function page({ name, usage, options }: Program): string {
  const groups = Map.groupBy(Object.values(options), (option) => option.group);
  return `## ${name}

\`\`\`
${usage}
\`\`\`

${[...groups].map(section).join('\n')}`;
}

function render(): string {
  return `${generatedNote('sidecar/src/option-table.ts and operator/src/option-table.ts')}
# Command lines

A flag beats its variable. An empty variable counts as absent. All faults are reported at once, with exit status 64.

${programs.map(page).join('\n')}`;
}

/** docs/command-line.md: every option of the sidecar and of the operator. */
export const commandLinePage: Generator = { file: 'docs/command-line.md', render };
