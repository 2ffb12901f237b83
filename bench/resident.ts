import { readFileSync } from 'node:fs';

/** Memory of a process that is resident now (KiB), shared pages of its files included. */
export function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? Number.NaN);
}
