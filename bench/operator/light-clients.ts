import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('light-clients-process.ts', import.meta.url));
const patienceMs = 120_000;

/** What the process of the clients is told at its start. */
export interface Orders {
  url: string;
  caPath: string;
  /** One for each client. */
  tokens: string[];
}

/** All clients have the snapshot with this digest, for the first time; `timesMs`: each one's moment, by the machine's monotonic clock. */
export interface Arrivals {
  digest: string;
  timesMs: number[];
}

/** Clients of the real protocol in a process of their own. */
export interface LightClients {
  /** The next snapshot that has reached all of them. To be called before it is sent. @throws Error when that takes two minutes. */
  next(): Promise<Arrivals>;
  stop(): void;
}

/** Now, on the clock of `Arrivals` (ms). */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Starts as many clients as there are tokens; they connect by and by. `next` tells when all have their first snapshot. */
export function startLightClients(orders: Orders): LightClients {
  const child = fork(program);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.send(orders);
  return {
    next: () =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('a snapshot does not reach all clients')), patienceMs);
        child.once('message', (arrivals) => {
          clearTimeout(late);
          resolve(arrivals as Arrivals);
        });
      }),
    stop() {
      process.off('exit', kill);
      kill();
    },
  };
}
