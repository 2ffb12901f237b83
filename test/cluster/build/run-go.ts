import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Keeper } from '../keep.ts';
import type { Go } from './go.ts';
import { MODULE_FOLDER } from './binary-name.ts';

const KEPT_LINES = 30;

export interface GoCommand {
  go: Go;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  keeper: Keeper;
  /** Is told of every line of either output. */
  onLine?: (line: string) => void;
}

/** Runs the go command on the module at the lowest priority. @throws Error with its last lines when it fails. */
export async function runGo({ go, args, env, keeper, onLine }: GoCommand): Promise<void> {
  // Not os.setPriority: on Linux that reaches one thread, and Go starts the compiler from any.
  const child = spawn('nice', ['-n', '19', go.path, ...args], {
    cwd: MODULE_FOLDER,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (last.push(line) > KEPT_LINES) last.shift();
      onLine?.(line);
    });
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const duty = child.pid === undefined ? null : ({ do: 'kill', group: child.pid } as const);
  if (duty !== null) keeper.add(duty);
  const status = await ended;
  if (duty !== null) keeper.done(duty);
  if (status !== 0) throw new Error(`go ${args[0]} failed (status ${status}):\n${last.join('\n')}`);
}
