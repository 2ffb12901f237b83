/** Beside a node (bench/node.ts starts it): installs the charts, plays the claims and publishes what was found. */
import { PostgresServer } from '../../test/support/postgres-server.ts';
import { installFusebox, installSample } from '../../test/e2e/charts.ts';
import { hostAddress } from '../../test/e2e/host-address.ts';
import { machine } from '../machine.ts';
import { spread, type Spread } from '../median.ts';
import { timesHeader, timesOf, timesRow } from '../operator/claim.ts';
import { readOptions } from '../options.ts';
import { atMost, publish, withRange } from '../report.ts';
import { liveEdits, mountedEdits } from './edits.ts';
import { sidecarMemory, type SidecarMemory } from './sidecar-processes.ts';
import { startsToReady } from './start-to-ready.ts';

/** Namespaces of the sample service with a sidecar, and of the one without. */
const LIVE = 'live';
const MOUNTED = 'mounted';
const edits = { live: 100, mounted: 3, starts: 10 };

const options = readOptions(process.argv.slice(2));
const there = machine();

async function installBoth(postgres: PostgresServer): Promise<void> {
  await installFusebox();
  const sample = (namespace: string, values: string[]): Promise<void> => {
    const database = `urls.database=${postgres.newDatabase(hostAddress())}`;
    return installSample(namespace, ['standIns.enabled=false', 'settings.server\\.workers=1', database, ...values]);
  };
  await sample(LIVE, []);
  await sample(MOUNTED, ['fusebox.enabled=false', 'replicas=1']);
}

const share = (of: number): number => Math.max(1, Math.round((of * (options.rounds ?? edits.live)) / edits.live));

async function main(): Promise<void> {
  await using postgres = await PostgresServer.start([], hostAddress());
  await installBoth(postgres);
  const starts = await startsToReady(share(edits.starts));
  // In the same minutes, so that both have the same neighbours.
  const [live, mounted] = await Promise.all([
    liveEdits(LIVE, share(edits.live)),
    mountedEdits(MOUNTED, share(edits.mounted)),
  ]);
  const memory = sidecarMemory();
  const times = {
    returned: timesOf(live.map((edit) => edit.changedMs - edit.returnedMs)),
    told: timesOf(live.map((edit) => edit.changedMs - edit.toldMs)),
    typed: timesOf(live.map((edit) => edit.changedMs)),
    lastOld: timesOf(live.map((edit) => edit.lastOldMs - edit.toldMs)),
  };
  const ready = spread(starts.map(({ readyMs }) => readyMs));
  const memorySpread = (of: (one: SidecarMemory) => number): Spread => spread(memory.map(of));
  const added = memorySpread(({ workingSetMb }) => workingSetMb);
  publish({
    name: 'node',
    title: 'On a node with real pods',
    method: `One node: kubelet, containerd, kube-proxy (nftables), API server, etcd, operator, pods and this benchmark share the cores. ${live.length} times \`kubectl apply\` of a ConfigMap with a changed flag of the sample service (two pods with sidecars); its Service is asked by a new connection every 2 ms or so until the answer has changed. At the same time ${mounted.length} edits of the same service without Fusebox, whose ConfigMap is mounted.`,
    tables: [
      {
        caption: 'From the edit to the first changed answer',
        header: timesHeader('counted from'),
        rows: [
          timesRow('the return of kubectl', times.returned),
          timesRow('the moment at which a bare watch has told of the edit', times.told),
          timesRow('the start of kubectl', times.typed),
          timesRow('(last old answer of any pod, after the watch told)', times.lastOld),
          ['a mounted ConfigMap, from the return of kubectl', ...mountedCells(spread(mounted))],
        ],
      },
      {
        caption: 'A sidecar, with the least and the most',
        header: ['', 'median'],
        rows: [
          ['from the start of its process until /readyz answers 200 (ms)', withRange(ready, 0)],
          ['memory of its container after these edits (MB)', withRange(added, 1)],
          [
            'resident memory of its process, pages of the shared program included (MB)',
            withRange(
              memorySpread(({ rssMb }) => rssMb),
              1,
            ),
          ],
          [
            'resident memory that no file backs (MB)',
            withRange(
              memorySpread(({ anonMb }) => anonMb),
              1,
            ),
          ],
        ],
      },
    ],
    verdict: [
      atMost('kubectl apply to the first changed answer, p50 (ms)', times.told.p50, 50),
      atMost('kubectl apply to the first changed answer, p99 (ms)', times.told.p99, 200),
      atMost('sidecar ready after its start, the slowest (s)', ready.max / 1000, 1),
      atMost('memory that a sidecar adds to its pod, the largest (MB)', added.max, 90),
      atMost('the same with the pages of the shared program (MB)', memorySpread(({ rssMb }) => rssMb).max, 90),
    ].join('\n\n'),
    machine: there,
    keep: options.keep,
    data: { times, mounted, starts, memory, live },
  });
}

const mountedCells = ({ median, max }: Spread): string[] => [median.toFixed(0), '', max.toFixed(0)];

await main();
