import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadResult } from './load.ts';

/** One round of WebSocket traffic: each connection has one message under way at any time. */
export interface SocketLoad {
  port: number;
  seconds: number;
  connections: number;
  /** The CPU core that the generator is pinned to. */
  core: number;
}

/** Runs `socket-load.ts` once. @throws when a connection failed. */
export async function runSockets({ port, seconds, connections, core }: SocketLoad): Promise<LoadResult> {
  const program = fileURLToPath(new URL('socket-load.ts', import.meta.url));
  const generator = [process.execPath, program, ...[port, connections, seconds].map(String)];
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(core), ...generator]);
  return JSON.parse(stdout) as LoadResult;
}
