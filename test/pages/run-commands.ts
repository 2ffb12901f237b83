/** Runs the commands of a page in one shell, as its reader would: what one of them sets or starts is there for the next. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isRefused, type PageCommand, unkept } from './page-commands.ts';

interface Shell {
  cwd: string;
  env: Record<string, string>;
  /** After this (ms) what still runs is ended. */
  timeoutMs: number;
}

const MARK = '\u001E';

/**
 * Every promise of a comment that was not kept; empty: all were. What is left running ends with the shell.
 * @throws Error with the output, when a command fails that is not said to be refused, or the other way round
 */
export async function runCommands(commands: readonly PageCommand[], { cwd, env, timeoutMs }: Shell): Promise<string[]> {
  const script = commands.map((command, at) => `printf '\\n${MARK}%s\\n' ${at}\n${lineOf(command)}\n`).join('');
  // A group of its own, to end what it leaves running.
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${script}`], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(shell, 'close');
  const timer = setTimeout(() => endAll(shell.pid!), timeoutMs);
  let output = '';
  shell.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  const [code] = (await once(shell, 'exit')) as [number | null];
  clearTimeout(timer);
  // Before that its output does not end.
  endAll(shell.pid!);
  await closed;
  const outputs = output.split(new RegExp(`\n?${MARK}\\d+\n`)).slice(1);
  if (code !== 0) {
    const { text } = commands[outputs.length - 1] ?? { text: 'bash' };
    throw new Error(`${text}: ended with ${code ?? 'a signal'}\n${output.replaceAll(MARK, '# ')}`);
  }
  return commands.flatMap((command, at) => unkept(command, outputs[at] ?? ''));
}

const lineOf = (command: PageCommand): string =>
  isRefused(command) ? `if { ${command.text}\n}; then echo 'it was not refused'; exit 70; fi` : command.text;

function endAll(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}
