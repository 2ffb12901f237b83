import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Enforced } from './judge.ts';
import { type Marks, marksOf } from './marks.ts';

const SIDECAR = fileURLToPath(import.meta.resolve('@fusebox/sidecar/main.ts'));
const LIGHT = fileURLToPath(import.meta.resolve('./light-sidecar.ts'));

interface Line {
  time: string;
  message: string;
  digest?: string;
  marks?: Marks;
  admin?: number;
}

/** Nothing outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** What snapshots carry, by digest, as far as any sidecar has told. */
const known = new Map<string, Marks>();

export interface ChaosSidecarOptions {
  pod: string;
  /** A whole sidecar, or the client of the operator's stream alone. */
  isWhole: boolean;
  operatorPort: number;
  tokenFile: string;
  caFile: string;
}

/** The sidecar of one pod, which may be wedged and killed; what it enforced, in all its lives. */
export class ChaosSidecar {
  readonly pod: string;
  readonly #options: ChaosSidecarOptions;
  readonly #enforced: { life: number; atMs: number; digest: string }[] = [];
  #child: ChildProcess | null = null;
  #closed: Promise<unknown> = Promise.resolve();
  #life = 0;

  constructor(options: ChaosSidecarOptions) {
    this.#options = options;
    this.pod = options.pod;
  }

  start(): void {
    const { isWhole, operatorPort, tokenFile, caFile } = this.#options;
    const url = `https://127.0.0.1:${operatorPort}`;
    const addresses = ['--inbound=127.0.0.1:0', '--admin=127.0.0.1:0', '--local=none', '--upstream=127.0.0.1:9'];
    const args = isWhole
      ? [SIDECAR, ...addresses, '--operator', url, '--token', tokenFile, '--ca', caFile]
      : [LIGHT, url, tokenFile, caFile];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
    running.add(child);
    this.#child = child;
    this.#closed = once(child, 'close').then(([status]) => {
      if (typeof status === 'number') process.stderr.write(`the sidecar of ${this.pod} ended with ${status}\n`);
    });
    this.#life += 1;
    const life = this.#life;
    let admin = 0;
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      admin = line.admin ?? admin;
      this.#take(line, life, admin);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    child.kill('SIGKILL');
    await this.#closed;
    running.delete(child);
  }

  /** What it enforced. */
  enforced(): Enforced[] {
    return this.#enforced.map(({ digest, ...when }) => ({ pod: this.pod, ...when, marks: known.get(digest) ?? null }));
  }

  /** What it enforces now, as far as it has told. */
  get marks(): Marks {
    const last = this.#enforced.at(-1);
    return last === undefined || last.life !== this.#life ? {} : (known.get(last.digest) ?? {});
  }

  #take({ time, message, digest, marks }: Line, life: number, admin: number): void {
    if (digest === undefined) return;
    if (marks !== undefined) known.set(digest, marks);
    if (message !== (this.#options.isWhole ? 'settings applied' : 'obeyed')) return;
    this.#enforced.push({ life, atMs: Date.parse(time), digest });
    if (this.#options.isWhole && !known.has(digest)) void learn(admin);
  }
}

/** Asks a sidecar what it obeys. It may be wedged, or dead: then another one tells, or nobody does. */
async function learn(admin: number): Promise<void> {
  try {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(`http://127.0.0.1:${admin}/snapshot`, { signal });
    const { snapshot } = (await response.json()) as { snapshot: Snapshot };
    known.set(snapshot.digest, marksOf(snapshot));
  } catch {
    // Nobody knows.
  }
}
