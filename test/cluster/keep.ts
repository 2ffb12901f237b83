import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What is to be undone when this process ends without doing it. */
export type Duty =
  | { do: 'kill'; /** Id of a process group. */ group: number }
  | { do: 'remove'; /** A file, or a folder with all that is in it. */ path: string }
  | { do: 'run'; command: string; args: string[] };

/** Remembers duties for the case that this process dies. */
export interface Keeper {
  add(duty: Duty): void;
  /** The duty needs no fulfilment any more. */
  done(duty: Duty): void;
  /** Ends the keeper. Duties that are not done are fulfilled, the last one first. Resolves when it has ended. */
  close(): Promise<void>;
}

/** Starts a keeper: duties are fulfilled even when this process is killed. It does not keep this process alive. */
export function startKeeper(): Keeper {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.unref();
  const tell = (duty: Duty, done: boolean) => void child.stdin.write(`${JSON.stringify({ duty, done })}\n`);
  return {
    add: (duty) => tell(duty, false),
    done: (duty) => tell(duty, true),
    close() {
      child.ref();
      child.stdin.end();
      return ended;
    },
  };
}
