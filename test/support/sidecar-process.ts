import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newFolder, replaceFile, settingsText, type Settings } from './settings.ts';
import { until } from './until.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fusebox/sidecar/main.ts'));

type LogLine = { level: string; message: string } & Record<string, unknown>;

export interface SidecarOptions {
  /** Port of the service, or `unix:PATH`. */
  upstream: number | string;
  /** What its settings file holds at first; without it there is none. */
  settings?: Settings;
  /** Further flags. */
  flags?: readonly string[];
  env?: Record<string, string>;
  /** The file that Node runs. Default: the source. */
  program?: string;
}

/** Nothing outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** `fusebox-sidecar` as its users run it. */
export class SidecarProcess {
  inbound = 0;
  admin = 0;
  /** 0: closed. */
  local = 0;
  readonly lines: LogLine[] = [];
  /** Resolves with the exit status, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** The settings file. */
  readonly settingsPath: string;
  private readonly child: ChildProcess;
  private readonly looks = new Set<() => void>();
  private readonly remove: () => Promise<void>;
  private errors = '';

  constructor(child: ChildProcess, settingsPath: string, remove: () => Promise<void>) {
    this.child = child;
    this.settingsPath = settingsPath;
    this.remove = remove;
    running.add(child);
    this.exited = once(child, 'exit').then(([status, signal]) => {
      running.delete(child);
      for (const look of this.looks) look();
      return (status ?? signal) as number | string;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LogLine);
      for (const look of this.looks) look();
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first log line from `from` on (index) for which this holds. */
  line(matches: (line: LogLine) => boolean, from = 0): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.slice(from).find(matches);
        if (found === undefined && running.has(this.child)) return;
        this.looks.delete(look);
        if (found === undefined) reject(new Error(`the sidecar ended: ${JSON.stringify(this.lines)} ${this.errors}`));
        else resolve(found);
      };
      this.looks.add(look);
      look();
    });
  }

  logged(message: string, from = 0): Promise<LogLine> {
    return this.line((line) => line.message === message, from);
  }

  /** Writes new settings and waits until they are in force. They must differ from those before. */
  async apply(settings: Settings): Promise<void> {
    const from = this.lines.length;
    await this.write(settingsText(settings));
    await this.logged('settings applied', from);
  }

  /** Replaces the settings file. */
  write(text: string): Promise<void> {
    return replaceFile(this.settingsPath, text);
  }

  /** Asks the admin listener. */
  async ask(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.admin}${path}`);
    return { status: response.status, text: await response.text() };
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.ask(path)).text) as T;
  }

  /** The sum of the series of this name that have all these labels; 0 when there is none. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let sum = 0;
    for (const line of (await this.ask('/metrics')).text.split('\n')) {
      const [, found, shown, value] = /^(\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
      if (found === name && wanted.every((label) => shown?.includes(label))) sum += Number(value);
    }
    return sum;
  }

  /** Waits until a metric has this value. */
  async metricIs(name: string, labels: Record<string, string>, value: number): Promise<void> {
    await until(
      `${name} ${JSON.stringify(labels)} is ${value}`,
      async () => (await this.metric(name, labels)) === value,
    );
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends it at once, without grace. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
    await this.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Runs `fusebox-sidecar` with these arguments and waits for its end. */
export async function runSidecar(args: readonly string[]): Promise<{ status: number | string; output: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [status, signal] = (await once(child, 'close')) as [number | null, string];
  return { status: status ?? signal, output };
}

/** Starts a sidecar on free ports and waits until it listens. */
export async function startSidecar({
  upstream,
  settings,
  flags = [],
  env = {},
  program = MAIN,
}: SidecarOptions): Promise<SidecarProcess> {
  const folder = await newFolder();
  const path = join(folder.path, 'settings.yaml');
  if (settings !== undefined) await replaceFile(path, settingsText(settings));
  const args = [
    '--inbound=127.0.0.1:0',
    '--admin=127.0.0.1:0',
    ...(flags.some((flag) => flag.startsWith('--local')) ? [] : ['--local=127.0.0.1:0']),
    `--upstream=${typeof upstream === 'number' ? `127.0.0.1:${upstream}` : upstream}`,
    ...(settings === undefined ? [] : ['--config', path]),
    ...flags,
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const sidecar = new SidecarProcess(child, path, folder.remove);
  const { inbound, admin, local } = await sidecar.logged('listening');
  sidecar.inbound = inbound as number;
  sidecar.admin = admin as number;
  sidecar.local = (local as number | null) ?? 0;
  if (settings !== undefined) await sidecar.logged('settings applied');
  return sidecar;
}
