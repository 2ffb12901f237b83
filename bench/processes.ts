import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server under measurement, stopped by its own id. */
export interface Server {
  pid: number;
  port: number;
  /** From the start of the process to the first answer, to within the time between two looks (ms). */
  readyMs: number;
  stop(): Promise<void>;
}

/** How to start one: the command line, the core it is pinned to (null: none) and the port that it will listen on. */
export interface ServerCommand {
  name: string;
  command: readonly string[];
  core: number | null;
  port: number;
  /** A path that answers 200 once it serves. */
  path: string;
  /** Time between two looks whether it answers (ms; 50). */
  lookMs?: number;
}

const startMs = 15_000;
const stopMs = 8_000;

// Nothing outlives the benchmark, however it ends.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Whether a program is on the path. */
export const isInstalled = (program: string): boolean => spawnSync('which', [program]).status === 0;

/** Whether wrk is there; if not, says how to get it and lets the program fail. `why` follows on "is not installed". */
export function hasWrk(why = ''): boolean {
  if (isInstalled('wrk')) return true;
  console.error(`wrk is not installed${why}: apt-get install -y wrk`);
  process.exitCode = 1;
  return false;
}

/** A port of 127.0.0.1 that is free at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts a server and waits until it answers. @throws its output, when it ends or stays silent instead. */
export async function startServer({ name, command, core, port, path, lookMs = 50 }: ServerCommand): Promise<Server> {
  const begunMs = performance.now();
  // taskset becomes the command: the id stays
  const [program = '', ...words] = core === null ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name}: ${program} could not be started`);
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  const keep = (piece: Buffer): void => void (output = (output + piece.toString()).slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const url = `http://127.0.0.1:${port}${path}`;
  for (const deadlineMs = performance.now() + startMs; (await statusOf(url)) !== 200; await sleep(lookMs)) {
    if (hasEnded(child) || performance.now() > deadlineMs) {
      await stop(child);
      throw new Error(`${name} does not answer 200 on ${url}:\n${output}`);
    }
  }
  return { pid, port, readyMs: performance.now() - begunMs, stop: () => stop(child) };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const statusOf = (url: string): Promise<number> =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1000 }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', () => resolve(0)).once('timeout', () => request.destroy());
  });

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(force);
}
