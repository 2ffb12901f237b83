/**
 * Claim: a route that a boolean flag gates costs at most 1.03 of the CPU time per request of one without a gate. Both are
 * routes of one sidecar, and take turns.
 * usage: node bench/gate-cost.ts [--rounds N]
 */
import { proxyCore, startFleet } from './fleet.ts';
import { gateAloneNs } from './gate-alone.ts';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { readOptions } from './options.ts';
import { flagSidecar } from './peers/flag-sidecar.ts';
import { freePort, startServer } from './processes.ts';
import { atMost, publish, withRange } from './report.ts';
import { headers } from './scenarios.ts';
import { compareInSlices } from './slices.ts';

const target = 1.03;
const connections = 32;
const sliceMs = 100;
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

async function measure(rounds: number): Promise<Found[]> {
  const fleet = await startFleet();
  try {
    const port = await freePort();
    const command = flagSidecar({ inbound: port, upstreamPort: fleet.upstreamPort, local: null });
    const server = await startServer({ name: 'sidecar', command, core: proxyCore, port, path: `/users/${plain}` });
    const all: Found[] = [];
    try {
      for (const { name } of gates) {
        const load = { pid: server.pid, port, connections, sliceMs, headers };
        const pairs = await compareInSlices(load, [`/users/${plain}`, `/users/${name}`], rounds);
        all.push({ plain: pairs.map(([us]) => us), gated: pairs.map(([, us]) => us) });
      }
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
  const there = machine();
  const rounds = options.rounds ?? 250;
  const found = await measure(rounds);
  const alone = gateAloneNs(5);
  publish({
    name: 'gate-cost',
    title: 'What a gate adds to a request',
    method: `GET of 200 bytes over ${connections} connections at full load; every ${sliceMs} ms the load turns from the gated route to the one that has no gate, or back, ${rounds} times after a warm-up. All are routes of one sidecar that differ in nothing else. Median (least–most); a ratio is taken between neighbours.`,
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
