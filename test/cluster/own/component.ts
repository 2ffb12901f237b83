import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duty, Keeper } from '../keep.ts';
import type { Program } from './programs.ts';

const LAST_LINES = 15;

export interface ComponentOptions {
  name: string;
  program: Program;
  args: readonly string[];
  /** Its log goes here. */
  folder: string;
  keeper: Keeper;
}

/** One process of a control plane. It can be started again after it was killed. */
export class Component {
  readonly name: string;
  readonly #options: ComponentOptions;
  readonly #logPath: string;
  #child: ChildProcess | null = null;
  #ended: Promise<string> = Promise.resolve('was not started');

  constructor(options: ComponentOptions) {
    this.name = options.name;
    this.#options = options;
    this.#logPath = join(options.folder, `${options.name}.log`);
  }

  /** Starts it in a process group of its own, so that a Ctrl-C does not reach it before the tests have ended. */
  start(): void {
    const { program, args, keeper, folder } = this.#options;
    const log = openSync(this.#logPath, 'a', 0o600);
    // A bare environment: a proxy of the user's, or a setting for another etcd, must not reach it.
    const env = { PATH: process.env['PATH'], HOME: folder };
    const child = spawn(program.command, [...program.args, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    const duty: Duty | null = child.pid === undefined ? null : { do: 'kill', group: child.pid };
    if (duty !== null) keeper.add(duty);
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (status, signal) => resolve(`ended (${signal ?? `status ${status}`})`));
    });
    void this.#ended.then(() => {
      if (duty !== null) keeper.done(duty);
    });
  }

  /** Rejects when it ends: while one waits for something that only a running one gives. */
  async death(): Promise<never> {
    const how = await this.#ended;
    throw new Error(`${this.name} ${how}. The end of its log:\n${this.#lastLines()}`);
  }

  /** Sends a signal to it. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it at once: there is nothing that it should save. */
  async kill(): Promise<void> {
    if (this.#child === null) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #lastLines(): string {
    return readFileSync(this.#logPath, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  }
}
