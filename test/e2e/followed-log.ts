import { kubectl } from './commands.ts';

/** What a container has said, from its first line to its end. */
export interface FollowedLog {
  /** When the first line with this text was written (ms since 1970). */
  msOf(text: string): number;
  firstMs: number;
  lastMs: number;
  /** When the log was seen to end, on the clock of this machine. */
  endMs: number;
}

/** Follows a container to its end. */
export async function followLog(namespace: string, pod: string, container: string): Promise<FollowedLog> {
  const text = await kubectl(['-n', namespace, 'logs', pod, '-c', container, '--follow', '--timestamps']);
  const endMs = Date.now();
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ ms: Date.parse(line.slice(0, line.indexOf(' '))), line }));
  const [first, last] = [lines.at(0), lines.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`${container} of ${pod} has said nothing`);
  const msOf = (wanted: string): number => {
    const found = lines.find(({ line }) => line.includes(wanted));
    if (found === undefined) throw new Error(`${container} of ${pod} never said ${wanted}: ${text}`);
    return found.ms;
  };
  return { msOf, firstMs: first.ms, lastMs: last.ms, endMs };
}
