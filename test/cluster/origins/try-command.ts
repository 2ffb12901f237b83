import { execFile } from 'node:child_process';

/** The standard output of a command; null when it is not there, fails, or takes longer. */
export function tryCommand(command: string, args: readonly string[], timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: timeoutMs }, (error, output) => resolve(error === null ? output : null));
  });
}
