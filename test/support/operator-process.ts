import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fusebox/operator/main.ts'));

type LogLine = { level: string; message: string } & Record<string, unknown>;

/** Nothing outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** `fusebox-operator` as its users run it. */
export class OperatorProcess {
  readonly lines: LogLine[] = [];
  /** Resolves with the exit status, or the signal's name. */
  readonly exited: Promise<number | string>;
  readonly #child: ChildProcess;
  #errors = '';

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
    running.add(this.#child);
    this.exited = once(this.#child, 'exit').then(([status, signal]) => {
      running.delete(this.#child);
      return (status ?? signal) as number | string;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.lines.push(JSON.parse(line) as LogLine));
  }

  /** The first log line with this message. */
  logged(message: string): Promise<LogLine> {
    return until(`the operator says "${message}"`, () => this.#find(message), 30_000);
  }

  /** Asks the admin listener; 0: it does not listen yet. */
  async ask(path: string): Promise<{ status: number; text: string }> {
    const admin = this.#find('listening')?.['admin'];
    if (typeof admin !== 'number') return { status: 0, text: '' };
    const response = await fetch(`http://127.0.0.1:${admin}${path}`);
    return { status: response.status, text: await response.text() };
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #find(message: string): LogLine | undefined {
    const found = this.lines.find((line) => line.message === message);
    if (found === undefined && !running.has(this.#child)) {
      throw new Error(`the operator has ended: ${JSON.stringify(this.lines)} ${this.#errors}`);
    }
    return found;
  }
}
