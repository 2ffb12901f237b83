import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'undici';
import { atMost } from '../report.ts';
import type { Bed } from './bed.ts';
import { type Claim, timesHeader, timesOf, timesRow } from './claim.ts';
import { editSettings } from './settings.ts';
import { besideSidecar } from './sidecar.ts';

const defaultEdits = 200;
const warmUpEdits = 10;
/** How often the sidecar is asked whether the edit is enforced. */
const probeMs = 1;
const patienceMs = 30_000;

interface Edit {
  /** Each from the moment at which the edit was sent to the API server (ms). */
  answeredMs: number;
  watchToldMs: number;
  enforcedMs: number;
}

/** Asks until the sidecar answers like this; when the answer came (ms). */
async function untilAnswer(sidecar: Client, status: number): Promise<number> {
  for (const deadlineMs = performance.now() + patienceMs; ; await pause(probeMs)) {
    const { statusCode, body } = await sidecar.request({ method: 'GET', path: '/' });
    const atMs = performance.now();
    await body.dump();
    if (statusCode === status) return atMs;
    if (atMs > deadlineMs) throw new Error(`the sidecar goes on answering ${statusCode}, not ${status}`);
  }
}

async function measureEdits(bed: Bed, path: string, sidecar: Client, count: number): Promise<Edit[]> {
  let told = (): void => {};
  const endWatch = await bed.api.watch(`${path}/configmaps`, 'live', () => told());
  const edits: Edit[] = [];
  for (let number = 1; number <= warmUpEdits + count; number++) {
    // Until then the status of the one before has been written, as a rule; and no period of anything is hit again and again.
    await pause(100 + 200 * Math.random());
    const sentMs = performance.now();
    const watchTold = new Promise<number>((resolve) => (told = () => resolve(performance.now())));
    const answered = editSettings(bed, path, number).then(() => performance.now());
    const enforced = untilAnswer(sidecar, number % 2 === 1 ? 404 : 200);
    const [answeredMs, watchToldMs, enforcedMs] = await Promise.all([answered, watchTold, enforced]);
    if (number <= warmUpEdits) continue;
    edits.push({
      answeredMs: answeredMs - sentMs,
      watchToldMs: watchToldMs - sentMs,
      enforcedMs: enforcedMs - sentMs,
    });
  }
  endWatch();
  return edits;
}

const play = (bed: Bed, count: number): Promise<Edit[]> =>
  besideSidecar({ bed }, async (path, sidecar) => {
    const client = new Client(`http://127.0.0.1:${sidecar.port}`);
    try {
      return await measureEdits(bed, path, client, count);
    } finally {
      await client.destroy();
    }
  });

/** Claim: the edit of a ConfigMap is enforced in a real sidecar within 20 ms (p50) and 100 ms (p99). */
export const editToEnforced: Claim = {
  name: 'edit',
  async measure(bed, rounds) {
    const edits = await play(bed, rounds ?? defaultEdits);
    const times = {
      answered: timesOf(edits.map(({ answeredMs }) => answeredMs)),
      watchTold: timesOf(edits.map(({ watchToldMs }) => watchToldMs)),
      enforced: timesOf(edits.map(({ enforcedMs }) => enforcedMs)),
      later: timesOf(edits.map(({ enforcedMs, watchToldMs }) => enforcedMs - watchToldMs)),
    };
    return {
      title: 'From the edit of a ConfigMap to a sidecar that enforces it',
      method: `${edits.length} edits of a labelled ConfigMap through the API server (${bed.cluster.kind}), each changing what the sidecar, a process of its own, answers; it is asked every ${probeMs} ms. All times count from the moment at which the edit is sent. A bare watch of that ConfigMap tells in the same run what the API server's own part is. API server, etcd, operator, sidecar and this benchmark share the cores.`,
      tables: [
        {
          header: timesHeader('from sending the edit until'),
          rows: [
            timesRow('the API server has answered', times.answered),
            timesRow('a bare watch has told', times.watchTold),
            timesRow('the sidecar enforces it', times.enforced),
            timesRow('(enforced later than the watch told)', times.later),
          ],
        },
      ],
      verdict: [
        atMost('edit to enforced, p50 (ms)', times.enforced.p50, 20),
        atMost('edit to enforced, p99 (ms)', times.enforced.p99, 100),
      ].join('\n\n'),
      data: { times, edits },
    };
  },
};
