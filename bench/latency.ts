/**
 * Claim: at a fixed rate, half of what Envoy can do at most, the sidecar's p99 is no longer than Envoy's.
 * Where Envoy is missing, HAProxy stands in for it.
 * usage: node bench/latency.ts [--rounds N] [--seconds S] [--only NAME,…]
 */
import { loadCore, startFleet, userPath, type Fleet } from './fleet.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { readOptions } from './options.ts';
import { peers, peersNamed } from './peers/peers.ts';
import { hasWrk } from './processes.ts';
import { runAtRate, type RateResult } from './rate.ts';
import { atMost, publish, withRange } from './report.ts';
import { headers } from './scenarios.ts';

const connections = 64;
const peakSeconds = 2;
const measured = ['sidecar', 'sidecar-100', 'splice', 'http-undici', 'reply-from', 'go', 'nginx', 'haproxy', 'envoy'];

interface Contender {
  name: string;
  title: string;
  port: number;
  rounds: RateResult[];
}

async function startAll(fleet: Fleet, names: readonly string[]): Promise<Contender[]> {
  const contenders: Contender[] = [{ name: 'direct', title: 'no proxy', port: fleet.upstreamPort, rounds: [] }];
  for (const peer of peersNamed(names)) {
    if (peer.missing() !== null) continue;
    contenders.push({ name: peer.name, title: peer.title, port: (await fleet.start(peer)).port, rounds: [] });
  }
  return contenders;
}

/** Half of the requests per second that a proxy answers under full load; the first of two rounds warms it up. */
async function halfOfPeak({ port }: Contender): Promise<number> {
  const url = `http://127.0.0.1:${port}${userPath}`;
  const full = { url, seconds: peakSeconds, connections, headers, core: loadCore };
  await runLoad(full);
  return Math.round((await runLoad(full)).perSecond / 2);
}

async function takeTurns(
  contenders: readonly Contender[],
  { rounds, seconds, perSecond }: { rounds: number; seconds: number; perSecond: number },
): Promise<void> {
  for (let turn = 0; turn <= rounds; turn++) {
    for (const contender of contenders) {
      const load = { port: contender.port, path: userPath, perSecond, connections, seconds, core: loadCore };
      const result = await runAtRate(load);
      if (turn === 0) continue; // the warm-up
      contender.rounds.push(result);
      console.log(`latency ${turn}  ${contender.title.padEnd(28)} p99 ${result.p99Ms.toFixed(2)} ms`);
    }
  }
}

/** p99 of one proxy over another's, each round against the same round. */
function ratio(mine: Contender | undefined, other: Contender | undefined): number {
  if (mine === undefined || other === undefined) return Number.NaN;
  return spread(mine.rounds.map(({ p99Ms }, turn) => p99Ms / (other.rounds[turn]?.p99Ms ?? Number.NaN))).median;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk(', and the rate depends on it')) return;
  const there = machine();
  const names = options.only ?? measured;
  const seconds = options.seconds ?? 3;
  const rounds = options.rounds ?? 3;
  const fleet = await startFleet();
  try {
    const contenders = await startAll(fleet, names);
    const find = (name: string): Contender | undefined => contenders.find((contender) => contender.name === name);
    const yardstick = find('envoy') ?? find('haproxy');
    if (yardstick === undefined) throw new Error('neither Envoy nor HAProxy takes part: nobody sets the rate');
    const perSecond = await halfOfPeak(yardstick);
    await takeTurns(contenders, { rounds, seconds, perSecond });
    const cells = (contender: Contender): string[] => {
      const of = (pick: (round: RateResult) => number): Spread => spread(contender.rounds.map(pick));
      return [
        contender.title,
        withRange(
          of((one) => one.p50Ms),
          2,
        ),
        of((one) => one.p90Ms).median.toFixed(2),
        withRange(
          of((one) => one.p99Ms),
          2,
        ),
        of((one) => one.p999Ms).median.toFixed(2),
        of((one) => one.unanswered).max.toFixed(0),
      ];
    };
    publish({
      name: 'latency',
      title: 'How long an answer takes at a fixed rate',
      method: `${perSecond} requests per second, half of what ${yardstick.title} answers at most, arriving at random over ${connections} kept-alive connections; ${rounds} rounds of ${seconds} s in turn after one that does not count. Each request counts from the moment at which it was due, also where it had to wait for a connection; what is unanswered two seconds after the end belongs to a proxy that cannot hold the rate. Median (least–most) of the rounds.`,
      tables: [
        { header: ['proxy', 'p50 ms', 'p90 ms', 'p99 ms', 'p99.9 ms', 'unanswered'], rows: contenders.map(cells) },
      ],
      leftOut: peers.filter(({ name }) => names.includes(name)).flatMap((peer) => peer.missing() ?? []),
      verdict: atMost(`p99, sidecar / ${yardstick.title}`, ratio(find('sidecar'), yardstick), 1),
      machine: there,
      keep: options.keep,
      data: { perSecond, proxies: contenders.map(({ name, rounds: all }) => ({ name, rounds: all })) },
    });
  } finally {
    await fleet.stop();
  }
}

await main();
