import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** Where and when a benchmark ran: a figure without this means nothing. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  /** ISO date and time of the start. */
  date: string;
  /** Runnable tasks, averaged over the minute before the start. */
  loadBefore: number;
}

/** Describes this machine now. */
export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.version,
    date: new Date().toISOString(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
