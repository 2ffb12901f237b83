import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const folder = resolve(import.meta.dirname, '../../sample-service/src');

type LogLine = { message: string } & Record<string, unknown>;

interface SampleOptions {
  args?: readonly string[];
  env?: Record<string, string>;
  /** Below `sample-service/src`. Default: the service itself. */
  program?: 'main.ts' | 'stand-ins/main.ts';
}

/** Nothing outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The sample service, or its stand-ins, as their users run them. */
export class SampleProcess {
  readonly lines: LogLine[] = [];
  /** Resolves with the exit status, or the signal's name. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #looks = new Set<() => void>();
  #errors = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    running.add(child);
    const look = (): void => this.#looks.forEach((each) => each());
    this.exited = once(child, 'close').then(([status, signal]) => {
      running.delete(child);
      look();
      return (status ?? signal) as number | string;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LogLine);
      look();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The first log line from `from` on (index) with this message. */
  logged(message: string, from = 0): Promise<LogLine> {
    return new Promise((done, reject) => {
      const look = (): void => {
        const found = this.lines.slice(from).find((line) => line.message === message);
        if (found === undefined && running.has(this.#child)) return;
        this.#looks.delete(look);
        if (found === undefined) reject(new Error(`it ended: ${JSON.stringify(this.lines)} ${this.#errors}`));
        else done(found);
      };
      this.#looks.add(look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to end, and waits for that. */
  async stop(): Promise<number | string> {
    this.#child.kill('SIGTERM');
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** Starts it with nothing in its environment but this, and waits until it listens. */
export async function startSample({ args = [], env = {}, program = 'main.ts' }: SampleOptions = {}): Promise<{
  process: SampleProcess;
  listening: LogLine;
  url: string;
}> {
  const own = program === 'main.ts' ? ['--port', '0'] : [];
  const child = spawn(process.execPath, [resolve(folder, program), ...own, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH']!, ...env },
  });
  const sample = new SampleProcess(child);
  const listening = await sample.logged('listening');
  return { process: sample, listening, url: `http://127.0.0.1:${String(listening['port'])}` };
}
