import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { API_VERSION, RESOURCE_NAMES } from '@fusebox/api/names.ts';
import { cpuTimeNs } from '../cpu-time.ts';
import { atMost } from '../report.ts';
import type { Bed, OperatorServer } from './bed.ts';
import { type Claim, timesHeader, timesOf, timesRow } from './claim.ts';
import { type LightClients, monotonicMs, startLightClients } from './light-clients.ts';
import { createPod, tokenOf } from './pods.ts';
import { residentKiB } from '../resident.ts';
import { settledMiB } from './settled-memory.ts';

const spaces = 20;
const workloads = 50;
const podsEach = 10;
const defaultEdits = 50;
const warmUpEdits = 5;
const restSeconds = 15;
/** A policy for a whole namespace concerns every group in it. */
const everywhere = 'everywhere';

/** `app`: the workload; null: the namespace, whose route is nobody else's. No two edits are alike. */
const policySpec = (app: string | null, edit: number): object => {
  const timeout = `${1000 + edit}ms`;
  if (app === null) return { inbound: { routes: [{ name: everywhere, match: { path: '/everywhere' }, timeout }] } };
  const routes = Array.from({ length: 10 }, (_, index) => ({
    name: `route-${index}`,
    match: { path: `/things-${index}/:id` },
    rateLimit: { requestsPerSecond: 50, burst: 100 },
    circuitBreaker: { failureRateThreshold: 50, minimumNumberOfCalls: 20, resetTimeout: '5s' },
  }));
  const concurrency = { maxConcurrent: 100, queue: { size: 50, timeout: '200ms' } };
  return { selector: { matchLabels: { app } }, inbound: { defaults: { timeout, concurrency }, routes } };
};

const policiesOf = (namespace: string): string =>
  `/apis/${API_VERSION}/namespaces/${namespace}/${RESOURCE_NAMES.ResiliencePolicy.plural}`;

/** The namespace that is edited, and a token for one pod of its first workload. */
async function fill(bed: Bed): Promise<{ name: string; token: string; seconds: number }> {
  const startMs = performance.now();
  const namespaces: Awaited<ReturnType<Bed['namespace']>>[] = [];
  for (let space = 0; space < spaces; space++) namespaces.push(await bed.namespace());
  await bed.api.forEach(spaces * workloads, async (index) => {
    const { name } = namespaces[index % spaces]!;
    const app = `app-${Math.floor(index / spaces)}`;
    await bed.api.call('POST', policiesOf(name), {
      apiVersion: API_VERSION,
      kind: 'ResiliencePolicy',
      metadata: { name: app },
      spec: policySpec(app, 0),
    });
  });
  const pods = await bed.api.forEach(spaces * workloads * podsEach, (index) => {
    const app = `app-${Math.floor(index / spaces) % workloads}`;
    const labels = { app, 'app.kubernetes.io/name': app, 'app.kubernetes.io/part-of': 'shop', version: 'v1' };
    return createPod(bed.api, namespaces[index % spaces]!.path, { name: `pod-${index}`, labels });
  });
  const { name, path } = namespaces[0]!;
  const token = await tokenOf(bed.api, path, pods[0]!);
  return { name, token, seconds: (performance.now() - startMs) / 1000 };
}

interface Edits {
  edits: {
    /** From sending the edit until the sidecar of a pod had it (ms). */
    reachedMs: number;
    /** The same, from when a bare watch told (ms): deciding whom it concerns, compiling, sending. */
    afterWatchMs: number;
  }[];
  /** In the operator's turns that compile, one edit on the average (ms), and their number. */
  turnsMs: number;
  turns: number;
}

const turnSeconds = 'fusebox_operator_turn_seconds';
const publishing = 'lane="publish"';

async function measureEdits(bed: Bed, operator: OperatorServer, client: LightClients, edited: Edited): Promise<Edits> {
  const { namespace, name, app, count } = edited;
  let told = (_generation: number): void => {};
  const list = policiesOf(namespace);
  const endWatch = await bed.api.watch(list, name, ({ metadata }) => told(metadata.generation ?? 0));
  const found: Edits = { edits: [], turnsMs: 0, turns: 0 };
  const turnsSoFar = async (): Promise<[number, number]> => [
    (await operator.metric(`${turnSeconds}_sum`, publishing)) * 1000,
    await operator.metric(`${turnSeconds}_count`, publishing),
  ];
  let before: [number, number] = [0, 0];
  for (let number = 1; number <= warmUpEdits + count; number++) {
    await operator.untilQuiet();
    await pause(200 * Math.random());
    if (number === warmUpEdits + 1) before = await turnsSoFar();
    const reached = client.next();
    const watchTold = new Promise<number>((resolve) => {
      // Statuses come by the same watch.
      told = (generation) => generation === number + 1 && resolve(monotonicMs());
    });
    const sentMs = monotonicMs();
    await bed.api.call('PATCH', `${list}/${name}`, { spec: policySpec(app, number) });
    const [{ timesMs }, watchToldMs] = await Promise.all([reached, watchTold]);
    if (number <= warmUpEdits) continue;
    found.edits.push({ reachedMs: timesMs[0]! - sentMs, afterWatchMs: timesMs[0]! - watchToldMs });
  }
  endWatch();
  const after = await turnsSoFar();
  return { ...found, turnsMs: (after[0] - before[0]) / count, turns: (after[1] - before[1]) / count };
}

interface Edited {
  namespace: string;
  name: string;
  app: string | null;
  count: number;
}

async function play(bed: Bed, count: number) {
  const { name: namespace, token, seconds } = await fill(bed);
  console.log(`the cluster was filled in ${seconds.toFixed(0)} s`);
  const operator = await bed.startOperator();
  try {
    const readyCpuMs = cpuTimeNs(operator.pid) / 1e6;
    const memory = { ready: residentKiB(operator.pid) / 1024, statusWritten: 0, afterEdits: 0, most: 0 };
    await operator.untilQuiet();
    memory.statusWritten = await settledMiB(operator.pid, restSeconds);
    const client = startLightClients({ url: operator.url.href, caPath: operator.caPath, tokens: [token] });
    try {
      await client.next();
      const one = await measureEdits(bed, operator, client, { namespace, name: 'app-0', app: 'app-0', count });
      const arrived = client.next();
      await bed.api.call('POST', policiesOf(namespace), {
        apiVersion: API_VERSION,
        kind: 'ResiliencePolicy',
        metadata: { name: everywhere },
        spec: policySpec(null, 0),
      });
      await arrived;
      const wide = await measureEdits(bed, operator, client, { namespace, name: everywhere, app: null, count });
      await operator.untilQuiet();
      memory.afterEdits = await settledMiB(operator.pid, restSeconds);
      memory.most = mostMiB(operator.pid);
      const sizes = {
        pods: await operator.metric('fusebox_operator_pods'),
        groups: await operator.metric('fusebox_operator_groups'),
        snapshots: await operator.metric('fusebox_operator_snapshots'),
      };
      return { fillSeconds: seconds, readyMs: operator.readyMs, readyCpuMs, memory, sizes, one, wide };
    } finally {
      client.stop();
    }
  } finally {
    await operator.stop();
  }
}

/** The most resident memory (MiB) that a process ever had. */
const mostMiB = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? Number.NaN) / 1024;

/** Claim: with 10,000 pods and 1,000 policies one edit compiles within 50 ms, and the operator takes at most 250 MB. */
export const scale: Claim = {
  name: 'scale',
  async measure(bed, rounds) {
    const played = await play(bed, rounds ?? defaultEdits);
    const { memory, sizes, one, wide, readyMs, readyCpuMs } = played;
    const rows = ({ edits }: Edits, what: string): string[][] => [
      timesRow(`${what}: from sending it to a sidecar's receipt`, timesOf(edits.map(({ reachedMs }) => reachedMs))),
      timesRow(
        `${what}: from a bare watch's telling to a sidecar's receipt`,
        timesOf(edits.map(({ afterWatchMs }) => afterWatchMs)),
      ),
    ];
    const turnsRow = (what: string, { turns, turnsMs }: Edits): string[] => [
      what,
      turns.toFixed(1),
      turnsMs.toFixed(2),
    ];
    const compiled = timesOf(one.edits.map(({ afterWatchMs }) => afterWatchMs));
    const megabytes = (mib: number): string => (mib * 1.048576).toFixed(0);
    return {
      title: 'The operator with 10,000 pods and 1,000 policies',
      method: `${sizes.pods} pods of ${spaces * workloads} workloads in ${spaces} namespaces, created through the API server (${bed.cluster.kind}) in ${played.fillSeconds.toFixed(0)} s, a policy with ten routes for each workload: ${sizes.groups} groups, ${sizes.snapshots} different snapshots. One sidecar is connected. ${one.edits.length} edits of a policy for one workload (${podsEach} pods), then as many of a policy for a whole namespace (${workloads * podsEach} pods), each once the statuses of the one before have been written. What the operator does with an edit (whom it concerns, compiling, sending) is seen from outside as the time between the telling of a bare watch and the receipt by a sidecar; its own count of the turns that compile stands beside it. Memory is resident, the median of ${restSeconds} s at rest.`,
      tables: [
        {
          header: timesHeader('an edit of a policy for'),
          rows: [...rows(one, 'one workload'), ...rows(wide, 'a namespace')],
        },
        {
          header: ['compiling, one edit on the average', 'turns', 'ms in all of them'],
          rows: [turnsRow('for one workload', one), turnsRow('for a namespace', wide)],
        },
        {
          header: ['memory of the operator', 'MB'],
          rows: [
            ['when ready', megabytes(memory.ready)],
            ['all statuses written', megabytes(memory.statusWritten)],
            ['after the edits', megabytes(memory.afterEdits)],
            ['the most at any time', megabytes(memory.most)],
          ],
        },
      ],
      verdict: [
        atMost("one edit compiles, a bare watch's telling to a sidecar's receipt, p99 (ms)", compiled.p99, 50),
        atMost('resident memory after the edits (MB)', memory.afterEdits * 1.048576, 250),
        `${atMost('start to ready with all of this (s)', readyMs / 1000, 3)}; of these ${(readyCpuMs / 1000).toFixed(2)} s are its own CPU time`,
      ].join('\n\n'),
      data: played,
    };
  },
};
