import { setTimeout as pause } from 'node:timers/promises';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type Client } from '@openfeature/server-sdk';
import { freePort } from '../processes.ts';
import { atMost } from '../report.ts';
import type { Bed } from './bed.ts';
import { type Claim, timesHeader, timesOf, timesRow } from './claim.ts';
import { EDITED_FLAG, editSettings } from './settings.ts';
import { besideSidecar } from './sidecar.ts';

const defaultEdits = 200;
const warmUpEdits = 10;
/** Between two evaluations by the SDK. */
const probeMs = 1;
const patienceMs = 30_000;

/** Evaluates until the flag has this value; when it had (ms). */
async function untilValue(client: Client, wanted: boolean): Promise<number> {
  for (const deadlineMs = performance.now() + patienceMs; ; await pause(probeMs)) {
    const value = await client.getBooleanValue(EDITED_FLAG, !wanted);
    const atMs = performance.now();
    if (value === wanted) return atMs;
    if (atMs > deadlineMs) throw new Error(`the flag stays ${value}`);
  }
}

async function measureEdits(bed: Bed, path: string, client: Client, count: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let number = 1; number <= warmUpEdits + count; number++) {
    await pause(100 + 200 * Math.random()); // as in edit-to-enforced.ts
    const sentMs = performance.now();
    const evaluated = untilValue(client, number % 2 === 1);
    await editSettings(bed, path, number);
    const atMs = await evaluated;
    if (number > warmUpEdits) timesMs.push(atMs - sentMs);
  }
  return timesMs;
}

async function play(bed: Bed, count: number): Promise<number[]> {
  const local = await freePort();
  return besideSidecar({ bed, local }, async (path) => {
    try {
      await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: `http://127.0.0.1:${local}` }));
      return await measureEdits(bed, path, OpenFeature.getClient(), count);
    } finally {
      await OpenFeature.close();
    }
  });
}

/** Claim: an OpenFeature SDK in the service evaluates a flag of an edited ConfigMap within 150 ms (p99). */
export const editToEvaluated: Claim = {
  name: 'flag',
  async measure(bed, rounds) {
    const editsMs = await play(bed, rounds ?? defaultEdits);
    const times = timesOf(editsMs);
    return {
      title: 'From the edit of a ConfigMap to the value that an SDK evaluates',
      method: `${editsMs.length} edits of a labelled ConfigMap through the API server (${bed.cluster.kind}), each turning a flag. \`@openfeature/server-sdk\` with \`@openfeature/ofrep-provider\` evaluates it again and again, ${probeMs} ms after each answer, by the local API of a sidecar that is a process of its own. Times count from the moment at which the edit is sent. API server, etcd, operator, sidecar and this benchmark share the cores.`,
      tables: [
        { header: timesHeader('from sending the edit until'), rows: [timesRow('the SDK has the new value', times)] },
      ],
      verdict: atMost('edit to evaluated, p99 (ms)', times.p99, 150),
      data: { times, editsMs },
    };
  },
};
