import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const REQUEST = 'GET /small HTTP/1.1\r\nHost: a\r\n\r\n';
/** Connections, each with one request at a time; and the pause between two of them (ms). */
const CLIENTS = 8;
const PAUSE_MS = 5;

/** What clients who mean no harm saw. */
export interface Seen {
  /** Requests that were answered with 200, and that were not (counts). */
  readonly answered: number;
  readonly failed: number;
  /** Until the answer (ms). */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** True: the answer was a 200. Its whole is one small piece. */
function ask(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const heard = (bytes: Buffer | null): void => {
      socket.off('data', heard).off('close', lost);
      resolve(bytes?.toString('latin1', 0, 12) === 'HTTP/1.1 200');
    };
    const lost = (): void => heard(null);
    socket.on('data', heard).on('close', lost);
    socket.write(REQUEST);
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Requests one after the other on connections of their own, for so long (ms). */
export async function askForAWhile(port: number, forMs: number): Promise<Seen> {
  const untilMs = performance.now() + forMs;
  const latencies: number[] = [];
  let failed = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      let socket = await connected(port);
      while (performance.now() < untilMs) {
        // Closed between two requests, as any server may do.
        if (socket.destroyed) socket = await connected(port);
        const beganMs = performance.now();
        if (await ask(socket)) latencies.push(performance.now() - beganMs);
        else {
          failed++;
          socket.destroy();
          socket = await connected(port);
        }
        await pause(PAUSE_MS);
      }
      socket.destroy();
    }),
  );
  latencies.sort((one, other) => one - other);
  return { answered: latencies.length, failed, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}
