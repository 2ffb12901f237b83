import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What `wrk` saw in one round. */
export interface LoadResult {
  requests: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Connections that failed (count). A slow answer (2 s) is no failure. */
  failures: number;
  /** Answers that were no 2xx or 3xx (count). */
  refused: number;
}

/** One round of load: one thread, kept-alive connections, each with one request under way at any time. */
export interface Load {
  url: string;
  seconds: number;
  connections: number;
  /** Headers as `name: value`. */
  headers: readonly string[];
  /** A Lua file that changes what is sent. */
  script?: string | undefined;
  /** The CPU core that the generator is pinned to. */
  core: number;
}

/** Runs `wrk` once. @throws what `wrk` printed, when it failed or its output has another form. */
export async function runLoad({ url, seconds, connections, headers, script, core }: Load): Promise<LoadResult> {
  const options = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    ...headers.flatMap((header) => ['-H', header]),
    ...(script === undefined ? [] : ['-s', script]),
  ];
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(core), 'wrk', ...options, url]);
  return readWrk(stdout);
}

/** Reads what `wrk --latency` prints. @throws when a figure is missing. */
export function readWrk(output: string): LoadResult {
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(output)?.[1];
    if (found === undefined) throw new Error(`wrk printed no ${pattern}:\n${output}`);
    return found;
  };
  const socketErrors = /Socket errors: (.*), timeout/.exec(output)?.[1] ?? '';
  return {
    requests: Number(find(/(\d+) requests in /)),
    perSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)),
    p50Ms: milliseconds(find(/50%\s+([\d.]+\w+)/)),
    p99Ms: milliseconds(find(/99%\s+([\d.]+\w+)/)),
    failures: [...socketErrors.matchAll(/\d+/g)].reduce((sum, [count]) => sum + Number(count), 0),
    refused: Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? '0'),
  };
}

function milliseconds(text: string): number {
  const value = Number.parseFloat(text);
  if (text.endsWith('us')) return value / 1000;
  if (text.endsWith('ms')) return value;
  if (text.endsWith('m')) return value * 60_000;
  return value * 1000;
}
