/** The commands of a user, on the cluster of `KUBECONFIG`. Each tells what went wrong in the command's own words. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { installTools, type Tools } from '../support/helm.ts';

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

const CLI = resolve(import.meta.dirname, '../../cli/src/main.ts');

let tools: Tools | null = null;

/** The standard output of `kubectl`. `input`: what it reads with `-f -`. */
export const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  run((tools ??= installTools()).kubectl, args, input);

/** The standard output of `helm`. */
export const helm = (args: readonly string[]): Promise<string> => run((tools ??= installTools()).helm, args);

/** What `kubectl fusebox` says, and its exit status: 1 tells that something is not as it should be. */
export async function fusebox(args: readonly string[]): Promise<{ status: number; output: string }> {
  try {
    const { stdout } = await execute(process.execPath, [CLI, ...args]);
    return { status: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { status: code, output: `${stdout}${stderr}` };
  }
}

/** An object, as the API server has it. */
export async function object<T>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as T;
}

async function run(command: string, args: readonly string[], input?: string): Promise<string> {
  const running = execute(command, [...args], { maxBuffer: MAX_OUTPUT_BYTES });
  running.child.stdin?.end(input ?? '');
  try {
    return (await running).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${command.split('/').at(-1)} ${args.join(' ')}: ${stderr.trim() || message}`, { cause: error });
  }
}
