/**
 * Claim: a route that a boolean flag gates costs at most 1.03 of the CPU time per request of one without a gate. Both are
 * routes of one sidecar, and take turns.
 * usage: node bench/gate-cost.ts [--rounds N] [--seconds S]
 */
import { loadCore, proxyCore, startFleet } from './fleet.ts';
import { cpuTimeNs } from './cpu-time.ts';
import { gateAloneNs } from './gate-alone.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { readOptions } from './options.ts';
import { flagSidecar } from './peers/flag-sidecar.ts';
import { freePort, hasWrk, startServer, type Server } from './processes.ts';
import { atMost, publish, withRange } from './report.ts';
import { headers } from './scenarios.ts';

const target = 1.03;
const connections = 64;
/** Each takes turns with the route without a gate. One with a rule comes last: what it leaves behind is not the others' cost. */
const gates = [
  { name: 'gated', title: 'gated by a flag that is true' },
  { name: 'ruled', title: 'gated by a flag with a rule of two comparisons' },
];
const plain = 'always';

/** CPU times per request (µs), round by round. */
interface Found {
  plain: number[];
  gated: number[];
}

/** CPU time of the sidecar per request (µs) of one round on this route. */
async function cost({ pid, port }: Server, route: string, seconds: number): Promise<number> {
  const before = cpuTimeNs(pid);
  const url = `http://127.0.0.1:${port}/users/${route}`;
  const result = await runLoad({ url, seconds, connections, headers, core: loadCore });
  if (result.failures + result.refused > 0) throw new Error(`some requests of ${route} failed`);
  return (cpuTimeNs(pid) - before) / 1000 / result.requests;
}

/** The order within a turn changes with each, so that neither of the two is always first. */
async function compare(server: Server, gated: string, rounds: number, seconds: number): Promise<Found> {
  const found: Found = { plain: [], gated: [] };
  for (let turn = -1; turn <= rounds; turn++) {
    const first = turn % 2 === 0 ? plain : gated;
    const second = first === plain ? gated : plain;
    const costs = new Map([[first, await cost(server, first, seconds)]]);
    costs.set(second, await cost(server, second, seconds));
    if (turn < 1) continue;
    found.plain.push(costs.get(plain)!);
    found.gated.push(costs.get(gated)!);
  }
  return found;
}

async function measure(rounds: number, seconds: number): Promise<Found[]> {
  const fleet = await startFleet();
  try {
    const port = await freePort();
    const command = flagSidecar({ inbound: port, upstreamPort: fleet.upstreamPort, local: null });
    const server = await startServer({ name: 'sidecar', command, core: proxyCore, port, path: `/users/${plain}` });
    const all: Found[] = [];
    try {
      for (const { name } of gates) all.push(await compare(server, name, rounds, seconds));
    } finally {
      await server.stop();
    }
    return all;
  } finally {
    await fleet.stop();
  }
}

const ratio = ({ plain: base, gated }: Found): Spread =>
  spread(gated.map((us, turn) => us / (base[turn] ?? Number.NaN)));

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk()) return;
  const there = machine();
  const rounds = options.rounds ?? 15;
  const seconds = options.seconds ?? 1;
  const found = await measure(rounds, seconds);
  const alone = gateAloneNs(5);
  publish({
    name: 'gate-cost',
    title: 'What a gate adds to a request',
    method: `GET of 200 bytes over ${connections} connections at full load for ${seconds} s a round; ${rounds} rounds of each route in turn with the one that has no gate, after two that do not count. All are routes of one sidecar that differ in nothing else. Median (least–most); a ratio is taken within a turn.`,
    tables: [
      {
        header: ['route', 'CPU µs/request', 'without a gate', 'ratio'],
        rows: found.map((one, at) => [
          gates[at]?.title ?? '',
          withRange(spread(one.gated), 1),
          withRange(spread(one.plain), 1),
          withRange(ratio(one), 3),
        ]),
      },
    ],
    verdict: `${atMost('CPU per request, gated by a boolean flag / no gate', ratio(found[0]!).median, target)}\n\nThe gate of a boolean flag by itself, with its counting, takes ${withRange(alone, 0)} ns.`,
    machine: there,
    keep: options.keep,
    data: { aloneNs: alone, routes: found.map((one, at) => ({ gate: gates[at]?.name, ...one })) },
  });
}

await main();
