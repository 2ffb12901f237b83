import type { Terminal } from './terminal.ts';
import { SHOP } from './world.ts';

/** The ConfigMap of the sample service. */
export const CONFIG = 'users-config';

/** A flag, as flags.yaml has it. */
type Flag = boolean | Readonly<Record<string, unknown>>;

/** Replaces the flags, in YAML's flow style: so the command is one line. */
export function editFlags(terminal: Terminal, flags: Readonly<Record<string, Flag>>): Promise<string> {
  const patch = { data: { 'flags.yaml': `flags: ${flow(flags)}` } };
  return terminal.kubectl('-n', SHOP, 'patch', 'configmap', CONFIG, '--type=merge', '-p', JSON.stringify(patch));
}

function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}: ${flow(inner)}`)
    .join(', ')}}`;
}
