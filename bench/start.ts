/**
 * Claim: from the start of the process to its first answer the sidecar takes at most three times as long as a bare server
 * of `node:http`.
 * usage: node bench/start.ts [--rounds N] [--only NAME,…]
 */
import { fileURLToPath } from 'node:url';
import { cpuTimeNs } from './cpu-time.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { readOptions } from './options.ts';
import type { Peer } from './peers/peer.ts';
import { peersNamed } from './peers/peers.ts';
import { atMost, publish, withRange } from './report.ts';

const measured = ['sidecar', 'http-undici', 'reply-from', 'go', 'nginx', 'haproxy', 'envoy'];
const lookMs = 1;

const bareProgram = fileURLToPath(new URL('peers/bare-server.ts', import.meta.url));
const bare: Peer = {
  name: 'bare-server',
  title: 'bare node:http server',
  missing: () => null,
  command: ({ port }) => [process.execPath, bareProgram, String(port)],
};

interface Round {
  readyMs: number;
  /** CPU time of the process up to then: nearly independent of what else the machine does. */
  cpuMs: number;
}

interface Contender {
  peer: Peer;
  rounds: Round[];
}

async function round(fleet: Fleet, peer: Peer): Promise<Round> {
  const server = await fleet.start(peer, lookMs);
  const cpuMs = cpuTimeNs(server.pid) / 1e6;
  await server.stop();
  return { readyMs: server.readyMs, cpuMs };
}

async function measure(contenders: readonly Contender[], rounds: number): Promise<void> {
  const fleet = await startFleet();
  try {
    for (let turn = 0; turn <= rounds; turn++) {
      for (const { peer, rounds: found } of contenders) {
        const result = await round(fleet, peer);
        if (turn > 0) found.push(result); // the first one reads the program from disk
      }
    }
  } finally {
    await fleet.stop();
  }
}

/** One proxy over another, each round against the same round. */
function ratio(mine: Contender | undefined, other: Contender | undefined, pick: (round: Round) => number): number {
  if (mine === undefined || other === undefined) return Number.NaN;
  return spread(mine.rounds.map((one, turn) => pick(one) / pick(other.rounds[turn] ?? one))).median;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const there = machine();
  const rounds = options.rounds ?? 7;
  const chosen = [bare, ...peersNamed(options.only ?? measured)];
  const contenders = chosen.filter((peer) => peer.missing() === null).map((peer): Contender => ({ peer, rounds: [] }));
  await measure(contenders, rounds);
  const find = (name: string): Contender | undefined => contenders.find(({ peer }) => peer.name === name);
  const [sidecar, yardstick] = [find('sidecar'), find('bare-server')];
  const of = ({ rounds: all }: Contender, pick: (round: Round) => number): Spread => spread(all.map(pick));
  const ready = ratio(sidecar, yardstick, (one) => one.readyMs);
  const cpu = ratio(sidecar, yardstick, (one) => one.cpuMs);
  publish({
    name: 'start',
    title: 'From start to the first answer',
    method: `From the start of the process to the first 200 (looked for every ${lookMs} ms), through the proxy to a service that runs already; ${rounds} starts of each in turn after one that does not count. Median (least–most).`,
    tables: [
      {
        header: ['server', 'ready ms', 'CPU ms'],
        rows: contenders.map((contender) => [
          contender.peer.title,
          withRange(
            of(contender, (one) => one.readyMs),
            0,
          ),
          withRange(
            of(contender, (one) => one.cpuMs),
            0,
          ),
        ]),
      },
    ],
    leftOut: chosen.flatMap((peer) => peer.missing() ?? []),
    verdict: `${atMost('start to ready, sidecar / bare node:http server', ready, 3)}\n\nIn CPU time it is ${cpu.toFixed(2)}.`,
    machine: there,
    keep: options.keep,
    data: contenders.map(({ peer, rounds: all }) => ({ name: peer.name, rounds: all })),
  });
}

await main();
