/** Edits by kubectl, and how long a Service goes on answering as before. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'undici';
import { readKubeconfig } from '../../test/cluster/api/kubeconfig.ts';
import { clusterUrl } from '../../test/e2e/charts.ts';
import { kubectl } from '../../test/e2e/commands.ts';
import { ClusterApi } from '../operator/cluster-api.ts';

/** Between two questions to the Service (ms). */
const probeMs = 2;
/** So many changed answers in a row mean that no pod gives the old one any more: each connection may lead to any of them. */
const settledAfter = 12;
const warmUpEdits = 3;
const patienceMs = 180_000;

/** One edit, all from the moment at which kubectl was started (ms). */
export interface Edit {
  returnedMs: number;
  /** A bare watch told of it: the API server has stored it. */
  toldMs: number;
  /** The first changed answer. */
  changedMs: number;
  /** The last answer as before; that of the first look, where none came after the first changed one. */
  lastOldMs: number;
}

/** What a flag hides: 404 or 200. */
const statusOf = (on: boolean): number => (on ? 200 : 404);

/** Edits the flag of a sample service with sidecars. The first ones do not count. */
export async function liveEdits(namespace: string, count: number): Promise<Edit[]> {
  const api = new ClusterApi(readKubeconfig(process.env['KUBECONFIG']!));
  let told = (): void => {};
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const endWatch = await api.watch(path, 'users-config', () => told());
  const url = await clusterUrl(namespace, 'users');
  const edits: Edit[] = [];
  for (let turn = 1; turn <= warmUpEdits + count; turn++) {
    const on = turn % 2 === 1;
    // No period of anything is hit again and again.
    await pause(100 + 200 * Math.random());
    const startMs = performance.now();
    const watchTold = new Promise<number>((resolve) => (told = () => resolve(performance.now() - startMs)));
    const data = { 'flags.yaml': `flags: { enable_profiles: ${on}, enable_user_cache: false }\n` };
    const returned = apply(namespace, data).then(() => performance.now() - startMs);
    const answers = untilChanged(url, statusOf(on), startMs);
    const [returnedMs, toldMs, { changedMs, lastOldMs }] = await Promise.all([returned, watchTold, answers]);
    if (turn > warmUpEdits) edits.push({ returnedMs, toldMs, changedMs, lastOldMs });
  }
  endWatch();
  await api.close();
  return edits;
}

/** The same service with a mounted ConfigMap: how long after kubectl had returned the answer changed (ms). */
export async function mountedEdits(namespace: string, count: number): Promise<number[]> {
  const url = await clusterUrl(namespace, 'users');
  const afterMs: number[] = [];
  for (let turn = 1; turn <= count; turn++) {
    const on = turn % 2 === 1;
    const text = `feature_flags: { enable_profiles: ${on}, enable_user_cache: false }\n`;
    await apply(namespace, { 'config.yaml': text });
    const startMs = performance.now();
    while ((await ask(url)) !== statusOf(on)) {
      if (performance.now() - startMs > patienceMs) throw new Error('the mounted ConfigMap did not change');
      await pause(50);
    }
    afterMs.push(performance.now() - startMs);
    console.log(`node  a mounted ConfigMap changed after ${(afterMs.at(-1)! / 1000).toFixed(1)} s`);
  }
  return afterMs;
}

const apply = (namespace: string, data: Record<string, string>): Promise<string> =>
  kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'users-config', namespace }, data }),
  );

async function untilChanged(
  url: string,
  status: number,
  startMs: number,
): Promise<Pick<Edit, 'changedMs' | 'lastOldMs'>> {
  let [changedMs, lastOldMs, inRow] = [Number.NaN, 0, 0];
  while (inRow < settledAfter) {
    const changed = (await ask(url)) === status;
    const atMs = performance.now() - startMs;
    if (changed && Number.isNaN(changedMs)) changedMs = atMs;
    if (!changed) lastOldMs = atMs;
    inRow = changed ? inRow + 1 : 0;
    if (atMs > patienceMs) throw new Error(`the service goes on answering something else than ${status}`);
    await pause(probeMs);
  }
  return { changedMs, lastOldMs };
}

/** The status of an answer over a connection of its own, which the Service may lead to any pod. */
async function ask(url: string): Promise<number> {
  const client = new Client(url, { pipelining: 0 });
  try {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/api/profiles' });
    await body.dump();
    return statusCode;
  } finally {
    await client.close();
  }
}
