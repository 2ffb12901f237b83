/**
 * Claim: the sidecar with every stage on costs at most 0.60 of the CPU time per request of a plain `node:http` + `undici`
 * proxy. The proxies take turns on one core, load generator and service share another.
 * usage: node bench/proxy-cost.ts [--rounds N] [--seconds S] [--only NAME,…]
 */
import { parseArgs } from 'node:util';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { peers, type Peer } from './peers/peers.ts';
import { isInstalled } from './processes.ts';
import { publish, withRange } from './report.ts';
import { connections, headers, takeTurns, warmUpTurns, type Contender, type Round } from './turns.ts';

const target = 0.6;

interface Settings {
  rounds: number;
  seconds: number;
  chosen: readonly Peer[];
  /** A run with some of the proxies is for looking: it does not replace the results. */
  complete: boolean;
}

function readCommandLine(): Settings {
  const options = { rounds: { type: 'string' }, seconds: { type: 'string' }, only: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const only = values.only?.split(',') ?? peers.map((peer) => peer.name);
  const unknown = only.filter((name) => !peers.some((peer) => peer.name === name));
  if (unknown.length > 0)
    throw new Error(`--only: no ${unknown.join(', ')}; there are ${peers.map((peer) => peer.name).join(', ')}`);
  return {
    rounds: Math.max(1, Number(values.rounds ?? 5)),
    seconds: Math.max(1, Number(values.seconds ?? 4)),
    chosen: peers.filter((peer) => only.includes(peer.name)),
    complete: values.only === undefined,
  };
}

/** Each round against the same round of the other: neighbours in time share what the machine did meanwhile. */
function ratio(mine: Contender, other: Contender): Spread {
  return spread(
    mine.rounds.map((one, turn) => one.cpuUsPerRequest / (other.rounds[turn]?.cpuUsPerRequest ?? Number.NaN)),
  );
}

function verdictOf(contenders: readonly Contender[]): string {
  const sidecar = contenders.find(({ peer }) => peer.name === 'sidecar');
  const plain = contenders.find(({ peer }) => peer.name === 'http-undici');
  if (sidecar === undefined || plain === undefined)
    return 'The sidecar or node:http + undici was left out: no verdict.';
  const { median } = ratio(sidecar, plain);
  return `sidecar / (node:http + undici) = ${median.toFixed(2)} (target ≤ ${target.toFixed(2)}): ${median <= target ? 'met' : 'MISSED'}`;
}

function rowOf(contender: Contender, sidecar: Contender | undefined): string[] {
  const of = (pick: (round: Round) => number): Spread => spread(contender.rounds.map(pick));
  return [
    contender.peer.title,
    withRange(
      of((one) => one.cpuUsPerRequest),
      1,
    ),
    withRange(
      of((one) => one.perSecond),
      0,
    ),
    of((one) => one.p50Ms).median.toFixed(2),
    of((one) => one.p99Ms).median.toFixed(2),
    sidecar === undefined ? '' : withRange(ratio(sidecar, contender), 2),
  ];
}

async function main(): Promise<void> {
  const { rounds, seconds, chosen, complete } = readCommandLine();
  if (!isInstalled('wrk')) {
    console.error('wrk is not installed: apt-get install -y wrk haproxy');
    process.exitCode = 1;
    return;
  }
  const skipped = chosen.flatMap((peer) => peer.missing() ?? []);
  for (const notice of skipped) console.log(`left out: ${notice}`);
  const there = machine();
  const contenders = await takeTurns(
    chosen.filter((peer) => peer.missing() === null),
    rounds,
    seconds,
  );
  const sidecar = contenders.find(({ peer }) => peer.name === 'sidecar');
  publish({
    name: 'proxy-cost',
    title: 'What a proxied request costs',
    method: `GET with ${headers.length + 1} header fields, answered by 200 bytes of JSON; ${connections} kept-alive connections at full load; ${rounds} rounds of ${seconds} s in turn after ${warmUpTurns} that do not count. Median (least–most) of the rounds; CPU is user and system time of all threads of the proxy.`,
    header: ['proxy', 'CPU µs/request', 'requests/s', 'p50 ms', 'p99 ms', 'sidecar / this'],
    rows: contenders.map((contender) => rowOf(contender, sidecar)),
    verdict: verdictOf(contenders),
    machine: there,
    keep: complete,
    data: contenders.map((contender) => ({ name: contender.peer.name, rounds: contender.rounds })),
  });
}

await main();
