import { parseArgs } from 'node:util';
import { parseDuration } from '@fusebox/api/duration.ts';
import { nearestName } from '@fusebox/api/nearest-name.ts';
import { parseWorkloadRef } from '@fusebox/api/workload-ref.ts';
import { parseContextEntry } from './evaluation-context.ts';
import { type ObjectName, parseObjectName } from './resources.ts';
import type { PodWish } from './sidecar-pods.ts';
import type { CheckCommand } from './verbs/check.ts';
import type { FlagsCommand } from './verbs/flags.ts';
import type { StatusCommand } from './verbs/status.ts';
import type { WaitCommand } from './verbs/wait.ts';

/** Which API server; null: as kubectl would find it. */
export interface Access {
  kubeconfig: string | null;
  context: string | null;
}

/** All that a command line says. */
export type Command =
  | { verb: 'help' }
  | { verb: 'version' }
  | { verb: 'validate'; files: string[] }
  | ({ verb: 'status'; access: Access } & StatusCommand)
  | ({ verb: 'wait'; access: Access } & WaitCommand)
  | ({ verb: 'check'; access: Access } & CheckCommand)
  | ({ verb: 'flags'; access: Access } & FlagsCommand);

const VERBS = ['validate', 'status', 'wait', 'check', 'flags', 'help', 'version'] as const;
const DEFAULT_TIMEOUT = '30s';

const OPTIONS = {
  kubeconfig: { type: 'string' },
  // For flags also whom they are asked for, any number of times.
  context: { type: 'string', multiple: true },
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  output: { type: 'string', short: 'o' },
  timeout: { type: 'string' },
  pod: { type: 'string' },
  selector: { type: 'string', short: 'l' },
  flag: { type: 'string', multiple: true },
  url: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

const ACCESS = ['kubeconfig', 'context', 'namespace'];
/** The options that each verb knows, besides help. */
const KNOWN: Record<(typeof VERBS)[number], readonly string[]> = {
  validate: [],
  status: [...ACCESS, 'all-namespaces', 'output'],
  wait: [...ACCESS, 'timeout'],
  check: [...ACCESS, 'output'],
  flags: [...ACCESS, 'output', 'pod', 'selector', 'flag', 'url'],
  help: [],
  version: [],
};

/** Reads the arguments after the program's name; every fault at once. */
export function readCommandLine(argv: readonly string[]): Command | { faults: string[] } {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
  const { values, positionals } = parsed;
  const [word, ...rest] = positionals;
  if (values.help === true || (word === undefined && values.version !== true)) return { verb: 'help' };
  if (word === undefined) return { verb: 'version' };
  const verb = VERBS.find((candidate) => candidate === word);
  if (verb === undefined) {
    const nearest = nearestName(word, VERBS);
    return {
      faults: [
        `"${word}" is not a verb; ${nearest === null ? `known are ${VERBS.join(', ')}` : `did you mean ${nearest}?`}`,
      ],
    };
  }
  const faults = Object.keys(values)
    .filter((option) => !KNOWN[verb].includes(option))
    .map((option) => `${verb} has no option --${option}`);
  const command = commandOf(verb, rest, values, faults);
  return faults.length > 0 ? { faults } : command;
}

type Values = { [Name in keyof typeof OPTIONS]?: string | boolean | (string | boolean)[] };

function commandOf(verb: (typeof VERBS)[number], rest: readonly string[], values: Values, faults: string[]): Command {
  const text = (name: keyof Values): string | null => {
    const value = [values[name]].flat().at(-1);
    return typeof value === 'string' ? value : null;
  };
  const access = { kubeconfig: text('kubeconfig'), context: text('context') };
  const namespace = text('namespace');
  switch (verb) {
    case 'validate':
      if (rest.length === 0) faults.push('validate needs files, folders or - for the standard input');
      return { verb, files: [...rest] };
    case 'status': {
      const object = rest.length === 0 ? null : readObjectName(verb, rest, faults);
      const allNamespaces = values['all-namespaces'] === true;
      if (allNamespaces && namespace !== null) faults.push('-A and -n exclude each other');
      if (allNamespaces && object !== null) faults.push('one object stands in one namespace: leave out -A');
      return { verb, access, object, namespace, allNamespaces, output: readOutput(text('output'), faults) };
    }
    case 'wait': {
      const timeoutMs = parseDuration(text('timeout') ?? DEFAULT_TIMEOUT);
      if (timeoutMs === null) faults.push(`--timeout "${text('timeout')}" is not a duration (like 250ms, 5s, 2m)`);
      return { verb, access, object: readObjectName(verb, rest, faults), namespace, timeoutMs: timeoutMs ?? 0 };
    }
    case 'check':
      for (const word of rest) faults.push(`"${word}": check takes no arguments`);
      return { verb, access, namespace, output: readOutput(text('output'), faults) };
    case 'flags':
      return { verb, ...readFlags(rest, values, faults) };
    default:
      return { verb };
  }
}

/** `--context` holds the names of contexts of the kubeconfig, and entries (with `=`) of the context to evaluate. */
function readFlags(rest: readonly string[], values: Values, faults: string[]): FlagsCommand & { access: Access } {
  const all = (name: keyof Values): string[] => [values[name] ?? []].flat().map(String);
  const last = (name: keyof Values): string | null => all(name).at(-1) ?? null;
  const entries = all('context').filter((text) => text.includes('='));
  const context: Record<string, unknown> = {};
  for (const text of entries) {
    const entry = parseContextEntry(text);
    if ('fault' in entry) faults.push(entry.fault);
    else context[entry.name] = entry.value;
  }
  const named = all('context').filter((text) => !text.includes('='));
  const url = last('url');
  const pods = readPodWish(rest, last('pod'), last('selector'), faults);
  if (url !== null && pods.by !== 'namespace') {
    faults.push('--url asks one sidecar: leave out the workload, --pod and --selector');
  }
  return {
    access: { kubeconfig: last('kubeconfig'), context: named.at(-1) ?? null },
    namespace: last('namespace'),
    of: url === null ? { pods } : { url: readUrl(url, faults) },
    flags: all('flag'),
    context,
    output: readOutput(last('output'), faults),
  };
}

function readObjectName(verb: string, [first, ...more]: readonly string[], faults: string[]): ObjectName {
  for (const word of more) faults.push(`"${word}": ${verb} takes one object`);
  const read = first === undefined ? { fault: `${verb} needs an object, like rp/users` } : parseObjectName(first);
  if (!('fault' in read)) return read;
  faults.push(read.fault);
  return { kind: 'ResiliencePolicy', name: '' };
}

function readPodWish(
  [workload, ...more]: readonly string[],
  pod: string | null,
  selector: string | null,
  faults: string[],
): PodWish {
  for (const word of more) faults.push(`"${word}": flags takes one workload`);
  if ([workload ?? null, pod, selector].filter((one) => one !== null).length > 1) {
    faults.push('a workload, --pod and --selector exclude each other');
  }
  if (pod !== null) return { by: 'name', name: pod };
  if (selector !== null) return { by: 'labels', selector };
  if (workload === undefined) return { by: 'namespace' };
  const ref = parseWorkloadRef(workload);
  if (ref === null) faults.push(`"${workload}" names no workload: write it like deployment/users`);
  return ref === null ? { by: 'namespace' } : { by: 'workload', workload: ref };
}

function readUrl(text: string, faults: string[]): string {
  if (URL.parse(text)?.protocol !== 'http:') faults.push(`--url "${text}": write it like http://127.0.0.1:4142`);
  return text;
}

function readOutput(text: string | null, faults: string[]): 'table' | 'json' {
  if (text !== null && text !== 'json') faults.push(`-o "${text}": the only other form is json`);
  return text === null ? 'table' : 'json';
}
