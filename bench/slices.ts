import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimeNs } from './cpu-time.ts';

/** Load that changes its path many times a second. */
interface Slices {
  pid: number;
  port: number;
  connections: number;
  /** Of each slice. */
  sliceMs: number;
  /** Sent with each request, as `name: value`. */
  headers: readonly string[];
}

/**
 * CPU time of a server per request (µs) on two paths, slice by slice: what else the machine does is the same for two slices that
 * follow each other within a tenth of a second. The few requests under way at a change count for the next slice.
 * @throws when an answer is no 200.
 */
export async function compareInSlices(
  load: Slices,
  paths: readonly [string, string],
  pairs: number,
): Promise<[number, number][]> {
  const { pid, port, connections, sliceMs, headers } = load;
  const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: bench\r\n${headers.join('\r\n')}\r\n\r\n`);
  const state = { request: requests[0]!, answered: 0, fault: null as string | null };
  const sockets = await Promise.all(Array.from({ length: connections }, () => opened(port)));
  for (const socket of sockets) {
    socket.on('data', (bytes: Buffer) => {
      // Answers are short: each comes in one piece.
      if (!bytes.subarray(0, 12).equals(OK)) state.fault = bytes.toString('latin1');
      state.answered++;
      socket.write(state.request);
    });
    socket.write(state.request);
  }
  const slice = async (at: number): Promise<number | null> => {
    state.request = requests[at]!;
    const [cpuBefore, answeredBefore] = [cpuTimeNs(pid), state.answered];
    await sleep(sliceMs);
    const answered = state.answered - answeredBefore;
    return answered < LEAST_ANSWERS ? null : (cpuTimeNs(pid) - cpuBefore) / 1000 / answered;
  };
  try {
    const found: [number, number][] = [];
    for (let pair = -Math.ceil(pairs / 4); pair < pairs; pair++) {
      const first = pair % 2 === 0 ? 0 : 1;
      const before = await slice(first);
      const after = await slice(1 - first);
      if (state.fault !== null) throw new Error(state.fault);
      if (pair >= 0 && before !== null && after !== null) found.push(first === 0 ? [before, after] : [after, before]);
    }
    return found;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A slice with fewer answers was spent waiting for a core, and tells nothing. */
const LEAST_ANSWERS = 100;

const OK = Buffer.from('HTTP/1.1 200');

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}
