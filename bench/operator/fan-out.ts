import { setTimeout as pause } from 'node:timers/promises';
import { atMost } from '../report.ts';
import type { Bed, OperatorServer } from './bed.ts';
import { type Claim, timesHeader, timesOf, timesRow } from './claim.ts';
import { type LightClients, monotonicMs, startLightClients } from './light-clients.ts';
import { createPod, makeReady, tokenOf } from './pods.ts';
import { createSettings, editSettings } from './settings.ts';
import { settledMiB } from './settled-memory.ts';

const clients = 1_000;
const workloads = 10;
const defaultEdits = 50;
const warmUpEdits = 3;
const restSeconds = 15;

interface Played {
  /** For each edit: from sending it until a bare watch told, and the first, the middle and the last client had it (ms). */
  edits: { watchToldMs: number; firstMs: number; middleMs: number; lastMs: number }[];
  /** Resident memory of the operator (MiB). */
  memory: { without: number; connected: number; afterEdits: number };
}

/** Pods of ten workloads, and a token bound to each. */
async function createPods(bed: Bed, path: string): Promise<string[]> {
  return bed.api.forEach(clients, async (index) => {
    const name = `app-${index}`;
    const pod = await createPod(bed.api, path, { name, labels: { app: `app-${index % workloads}` } });
    await makeReady(bed.api, path, name);
    return tokenOf(bed.api, path, pod);
  });
}

async function measureEdits(
  bed: Bed,
  path: string,
  { operator, all, count }: { operator: OperatorServer; all: LightClients; count: number },
): Promise<Played['edits']> {
  let told = (): void => {};
  const endWatch = await bed.api.watch(`${path}/configmaps`, 'live', () => told());
  const edits: Played['edits'] = [];
  for (let number = 1; number <= warmUpEdits + count; number++) {
    await operator.untilQuiet();
    await pause(300 * Math.random());
    const arrived = all.next();
    const watchTold = new Promise<number>((resolve) => (told = () => resolve(monotonicMs())));
    const sentMs = monotonicMs();
    await editSettings(bed, path, number);
    const [{ timesMs }, watchToldMs] = await Promise.all([arrived, watchTold]);
    if (number <= warmUpEdits) continue;
    const { p50, max } = timesOf(timesMs.map((atMs) => atMs - sentMs));
    const firstMs = Math.min(...timesMs) - sentMs;
    edits.push({ watchToldMs: watchToldMs - sentMs, firstMs, middleMs: p50, lastMs: max });
  }
  endWatch();
  return edits;
}

async function play(bed: Bed, count: number): Promise<Played> {
  const { path } = await bed.namespace();
  await createSettings(bed, path);
  const tokens = await createPods(bed, path);
  const operator = await bed.startOperator();
  try {
    await operator.untilQuiet();
    const without = await settledMiB(operator.pid, restSeconds);
    const all = startLightClients({ url: operator.url.href, caPath: operator.caPath, tokens });
    try {
      await all.next();
      await operator.untilQuiet();
      const connected = await settledMiB(operator.pid, restSeconds);
      const edits = await measureEdits(bed, path, { operator, all, count });
      await operator.untilQuiet();
      return { edits, memory: { without, connected, afterEdits: await settledMiB(operator.pid, restSeconds) } };
    } finally {
      all.stop();
    }
  } finally {
    await operator.stop();
    await bed.deletePods(path);
  }
}

/** Claim: one edit reaches all of 1,000 connected clients within 1 s (p99); each takes at most 100 KB of the operator's memory. */
export const fanOut: Claim = {
  name: 'fan-out',
  async measure(bed, rounds) {
    const { edits, memory } = await play(bed, rounds ?? defaultEdits);
    const last = timesOf(edits.map(({ lastMs }) => lastMs));
    const each = (mib: number): number => ((mib - memory.without) * 1024 * 1.024) / clients;
    const memoryRow = (title: string, mib: number): string[] => [title, mib.toFixed(0), each(mib).toFixed(0)];
    return {
      title: 'One edit to 1,000 connected sidecars',
      method: `${edits.length} edits of a ConfigMap for a whole namespace with ${clients} pods of ${workloads} workloads on a real API server (${bed.cluster.kind}). For each pod a light client in one other process: the sidecar's own code for streams and reports, with its own connections and a token bound to its pod, which the API server reviews; of a snapshot it reads only the digest. All times count from the moment at which the edit is sent. Memory is resident, the median of ${restSeconds} s at rest; it includes the connections on which reports come. API server, operator and clients share the cores.`,
      tables: [
        {
          header: timesHeader('from sending the edit until'),
          rows: [
            timesRow('a bare watch has told', timesOf(edits.map(({ watchToldMs }) => watchToldMs))),
            timesRow('the first client has it', timesOf(edits.map(({ firstMs }) => firstMs))),
            timesRow('half of the clients have it', timesOf(edits.map(({ middleMs }) => middleMs))),
            timesRow('all clients have it', last),
          ],
        },
        {
          header: ['memory of the operator', 'MiB', 'KB per client'],
          rows: [
            ['pods known, nobody connected', memory.without.toFixed(0), ''],
            memoryRow(`${clients} connected`, memory.connected),
            memoryRow('after the edits', memory.afterEdits),
          ],
        },
      ],
      verdict: [
        atMost('one edit to all clients, p99 (s)', last.p99 / 1000, 1),
        atMost('memory per connected client, after the edits (KB)', each(memory.afterEdits), 100),
      ].join('\n\n'),
      data: { edits, memory },
    };
  },
};
