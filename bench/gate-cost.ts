/**
 * Claim: a route that a boolean flag gates costs at most 1.03 of the CPU time per request of one without a gate. Both are
 * routes of one sidecar, and take turns.
 * usage: node bench/gate-cost.ts [--rounds N] [--seconds S]
 */
import { loadCore, proxyCore, startFleet } from './fleet.ts';
import { cpuTimeNs } from './cpu-time.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { spread } from './median.ts';
import { readOptions } from './options.ts';
import { flagSidecar } from './peers/flag-sidecar.ts';
import { freePort, hasWrk, startServer, type Server } from './processes.ts';
import { atMost, publish, withRange } from './report.ts';
import { headers } from './scenarios.ts';

const target = 1.03;
const connections = 64;
const routes = [
  { name: 'always', title: 'no gate' },
  { name: 'gated', title: 'gated by a flag that is true' },
  { name: 'ruled', title: 'gated by a flag with a rule of two comparisons' },
];

/** CPU time of the sidecar per request (µs) of one round on this route. */
async function cost({ pid, port }: Server, route: string, seconds: number): Promise<number> {
  const before = cpuTimeNs(pid);
  const url = `http://127.0.0.1:${port}/users/${route}`;
  const result = await runLoad({ url, seconds, connections, headers, core: loadCore });
  if (result.failures + result.refused > 0) throw new Error(`some requests of ${route} failed`);
  return (cpuTimeNs(pid) - before) / 1000 / result.requests;
}

/** Rounds by route. The order within a turn changes with each, so that none of them is always first. */
async function measure(rounds: number, seconds: number): Promise<number[][]> {
  const fleet = await startFleet();
  try {
    const port = await freePort();
    const command = flagSidecar({ inbound: port, upstreamPort: fleet.upstreamPort, local: null });
    const server = await startServer({ name: 'sidecar', command, core: proxyCore, port, path: '/users/always' });
    const found = routes.map((): number[] => []);
    try {
      for (let turn = -1; turn <= rounds; turn++) {
        for (let step = 0; step < routes.length; step++) {
          const at = (step + turn + routes.length) % routes.length;
          const us = await cost(server, routes[at]!.name, seconds);
          if (turn >= 1) found[at]!.push(us);
        }
      }
    } finally {
      await server.stop();
    }
    return found;
  } finally {
    await fleet.stop();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk()) return;
  const there = machine();
  const rounds = options.rounds ?? 15;
  const seconds = options.seconds ?? 1;
  const found = await measure(rounds, seconds);
  const ratio = (at: number): ReturnType<typeof spread> =>
    spread(found[at]!.map((us, turn) => us / (found[0]![turn] ?? Number.NaN)));
  publish({
    name: 'gate-cost',
    title: 'What a gate adds to a request',
    method: `GET of 200 bytes over ${connections} connections at full load for ${seconds} s a round; ${rounds} rounds of each route in turn, after two that do not count. All are routes of one sidecar that differ in nothing else. Median (least–most); a ratio is taken within a turn.`,
    tables: [
      {
        header: ['route', 'CPU µs/request', 'times no gate'],
        rows: routes.map(({ title }, at) => [title, withRange(spread(found[at]!), 1), withRange(ratio(at), 3)]),
      },
    ],
    verdict: atMost('CPU per request, gated by a boolean flag / no gate', ratio(1).median, target),
    machine: there,
    keep: options.keep,
    data: Object.fromEntries(routes.map(({ name }, at) => [name, found[at]])),
  });
}

await main();
