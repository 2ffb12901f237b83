import { parseArgs } from 'node:util';
import { parseDuration } from '@fusebox/api/duration.ts';
import { nearestName } from '@fusebox/api/nearest-name.ts';
import { type ObjectName, parseObjectName } from './resources.ts';
import type { CheckCommand } from './verbs/check.ts';
import type { StatusCommand } from './verbs/status.ts';
import type { WaitCommand } from './verbs/wait.ts';

/** Which API server; null: as kubectl would find it. */
interface Access {
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
  | ({ verb: 'check'; access: Access } & CheckCommand);

const VERBS = ['validate', 'status', 'wait', 'check', 'help', 'version'] as const;
const DEFAULT_TIMEOUT = '30s';

const OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  output: { type: 'string', short: 'o' },
  timeout: { type: 'string' },
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

type Values = { [Name in keyof typeof OPTIONS]?: string | boolean };

function commandOf(verb: (typeof VERBS)[number], rest: readonly string[], values: Values, faults: string[]): Command {
  const text = (name: keyof Values): string | null => {
    const value = values[name];
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
    default:
      return { verb };
  }
}

function readObjectName(verb: string, [first, ...more]: readonly string[], faults: string[]): ObjectName {
  for (const word of more) faults.push(`"${word}": ${verb} takes one object`);
  const read = first === undefined ? { fault: `${verb} needs an object, like rp/users` } : parseObjectName(first);
  if (!('fault' in read)) return read;
  faults.push(read.fault);
  return { kind: 'ResiliencePolicy', name: '' };
}

function readOutput(text: string | null, faults: string[]): 'table' | 'json' {
  if (text !== null && text !== 'json') faults.push(`-o "${text}": the only other form is json`);
  return text === null ? 'table' : 'json';
}
