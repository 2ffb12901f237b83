import { setTimeout as pause } from 'node:timers/promises';
import { spread } from '../median.ts';
import { residentKiB } from '../resident.ts';

const lookMs = 500;

/** Resident memory (MiB) of a process over so many seconds, the median: what was only garbage has had its time to go. */
export async function settledMiB(pid: number, seconds: number): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < (seconds * 1000) / lookMs; look++) {
    await pause(lookMs);
    looks.push(residentKiB(pid) / 1024);
  }
  return spread(looks).median;
}
