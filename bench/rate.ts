import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Requests offered at a fixed rate. */
export interface RateLoad {
  port: number;
  path: string;
  perSecond: number;
  connections: number;
  seconds: number;
  /** The CPU core that the generator is pinned to. */
  core: number;
}

/** How long the answers took, from when each request was due. */
export interface RateResult {
  requests: number;
  /** Those that were still waiting two seconds after the end; they count as having taken that long (count). */
  unanswered: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

/** Runs `rate-load.ts` once. @throws when a request failed. */
export async function runAtRate({ port, path, perSecond, connections, seconds, core }: RateLoad): Promise<RateResult> {
  const program = fileURLToPath(new URL('rate-load.ts', import.meta.url));
  const generator = [process.execPath, program, ...[port, path, perSecond, connections, seconds].map(String)];
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(core), ...generator]);
  return JSON.parse(stdout) as RateResult;
}
