import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One line of a child's log. */
export type LogLine = Record<string, unknown> & { message: string };

export interface Child {
  /** What its line `listening` says, the port above all. */
  readonly listening: LogLine;
  /** Sends SIGTERM, and resolves to the exit status (null: killed). SIGKILL follows when it does not end within half a minute. */
  stop(): Promise<number | null>;
}

interface Command {
  name: string;
  /** A script for the Node that runs this one, and its arguments. */
  args: readonly string[];
  /** Besides PATH. */
  env?: NodeJS.ProcessEnv;
  /** Is told of every line of its log. */
  onLine?: (line: LogLine) => void;
}

const killAfterMs = 30_000;
const keptLines = 30;

/** The processes of the demo. They are stopped by their own ids, however the demo ends. */
export class Children {
  /** Rejects when one ends that nobody stopped. */
  readonly accident: Promise<never>;
  readonly #running = new Map<ChildProcess, () => Promise<number | null>>();
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.accident = new Promise<never>((_, reject) => (this.#fail = reject));
    this.accident.catch(() => {}); // it may happen while nobody waits for it
    process.once('exit', () => this.#running.forEach((_, child) => child.kill('SIGKILL')));
  }

  /** Starts one, and resolves once its log says that it listens. Its environment is bare: what the user's says holds elsewhere. */
  async start({ name, args, env, onLine }: Command): Promise<Child> {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...env },
    });
    let asked = false;
    const last: string[] = [];
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const stop = (): Promise<number | null> => {
      asked = true;
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      return ended.finally(() => clearTimeout(force));
    };
    this.#running.set(child, stop);
    void ended.then((code) => {
      this.#running.delete(child);
      if (!asked)
        this.#fail(new Error(`the ${name} ended by itself (status ${code}). Its last words:\n${last.join('\n')}`));
    });
    child.once('error', (error) => this.#fail(error));
    const listening = new Promise<LogLine>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (text) => {
          if (last.push(text) > keptLines) last.shift();
          const line = logLine(text);
          if (line?.message === 'listening') resolve(line);
          if (line !== null) onLine?.(line);
        });
      }
    });
    return { listening: await Promise.race([listening, this.accident]), stop };
  }

  /** Stops whatever still runs. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((stop) => stop()));
  }
}

function logLine(text: string): LogLine | null {
  try {
    const line = JSON.parse(text) as Partial<LogLine> | null;
    return typeof line?.message === 'string' ? (line as LogLine) : null;
  } catch {
    return null;
  }
}
