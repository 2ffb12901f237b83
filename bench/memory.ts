/**
 * Claims: with 64 busy connections the sidecar's resident memory is at most 1.25 times Envoy's, and a further idle
 * connection takes at most 8 KiB.
 * usage: node bench/memory.ts [--rounds N] [--seconds S] [--only NAME,…]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadCore, startFleet, userPath, type Fleet } from './fleet.ts';
import { IdleConnections } from './idle-connections.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { readOptions } from './options.ts';
import type { Peer } from './peers/peer.ts';
import { peersNamed } from './peers/peers.ts';
import { hasWrk, type Server } from './processes.ts';
import { atMost, publish, withRange } from './report.ts';
import { residentKiB } from './resident.ts';
import { headers } from './scenarios.ts';

const measured = ['sidecar', 'http-undici', 'reply-from', 'go', 'nginx', 'haproxy', 'envoy'];
const busy = 64;
const idle = 2000;
/** How often memory is looked at under load, and how long it may settle after a change. */
const lookMs = 200;
const settleMs = 1500;

interface Round {
  startedKiB: number;
  busyKiB: number;
  /** After the load, with none, with `idle` and with twice as many idle connections. */
  idleKiB: [number, number, number];
}

interface Contender {
  peer: Peer;
  rounds: Round[];
}

/** The middle of what was resident in the second half of the load: by then the heap has its size. */
async function underLoad({ pid, port }: Server, seconds: number): Promise<number> {
  const looks: number[] = [];
  const timer = setInterval(() => looks.push(residentKiB(pid)), lookMs);
  try {
    const url = `http://127.0.0.1:${port}${userPath}`;
    await runLoad({ url, seconds, connections: busy, headers, core: loadCore });
  } finally {
    clearInterval(timer);
  }
  return spread(looks.slice(looks.length / 2)).median;
}

async function round(fleet: Fleet, peer: Peer, seconds: number): Promise<Round> {
  const server = await fleet.start(peer);
  const connections = new IdleConnections(server.port, userPath);
  const settled = async (): Promise<number> => {
    await sleep(settleMs);
    return residentKiB(server.pid);
  };
  try {
    const startedKiB = residentKiB(server.pid);
    const busyKiB = await underLoad(server, seconds);
    const none = await settled();
    await connections.open(idle);
    const some = await settled();
    await connections.open(idle);
    return { startedKiB, busyKiB, idleKiB: [none, some, await settled()] };
  } finally {
    connections.close();
    await server.stop();
  }
}

const of = ({ rounds }: Contender, pick: (round: Round) => number): Spread => spread(rounds.map(pick));
const perFirst = ({ idleKiB: [none, some] }: Round): number => (some - none) / idle;
const perFurther = ({ idleKiB: [, some, all] }: Round): number => (all - some) / idle;

function verdictOf(contenders: readonly Contender[]): string {
  const find = (name: string): Contender | undefined => contenders.find(({ peer }) => peer.name === name);
  const [sidecar, envoy] = [find('sidecar'), find('envoy')];
  const busyRatio =
    sidecar === undefined || envoy === undefined
      ? Number.NaN
      : of(sidecar, (one) => one.busyKiB).median / of(envoy, (one) => one.busyKiB).median;
  const each = (pick: (round: Round) => number): number =>
    sidecar === undefined ? Number.NaN : of(sidecar, pick).median;
  return [
    atMost(`RSS with ${busy} busy connections, sidecar / Envoy`, busyRatio, 1.25),
    atMost(`KiB an idle connection of the sidecar, the first ${idle}`, each(perFirst), 8),
    atMost(`KiB a further idle connection of the sidecar, from ${idle} to ${2 * idle}`, each(perFurther), 8),
  ]
    .map((line) => `* ${line}`)
    .join('\n');
}

function rowOf(contender: Contender): string[] {
  const mebibytes = (pick: (round: Round) => number): string =>
    withRange(
      of(contender, (one) => pick(one) / 1024),
      1,
    );
  return [
    contender.peer.title,
    mebibytes((one) => one.startedKiB),
    mebibytes((one) => one.busyKiB),
    mebibytes((one) => one.idleKiB[1]),
    withRange(of(contender, perFirst), 1),
    withRange(of(contender, perFurther), 1),
  ];
}

async function measure(contenders: readonly Contender[], rounds: number, seconds: number): Promise<void> {
  const fleet = await startFleet();
  try {
    for (let turn = 1; turn <= rounds; turn++) {
      for (const { peer, rounds: found } of contenders) {
        const result = await round(fleet, peer, seconds);
        found.push(result);
        console.log(`memory ${turn}  ${peer.name.padEnd(20)} ${Math.round(result.busyKiB / 1024)} MiB busy`);
      }
    }
  } finally {
    await fleet.stop();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk()) return;
  const there = machine();
  const chosen = peersNamed(options.only ?? measured);
  const seconds = options.seconds ?? 4;
  const rounds = options.rounds ?? 2;
  const contenders = chosen.filter((peer) => peer.missing() === null).map((peer): Contender => ({ peer, rounds: [] }));
  await measure(contenders, rounds, seconds);
  publish({
    name: 'memory',
    title: 'How much memory a proxy takes',
    method: `Each round starts the proxy afresh, puts ${busy} connections to full load for ${seconds} s (resident: the median of the second half), then opens ${idle} and again ${idle} connections that carry one request each and stay open. The first ${idle} may find room that the load has left; the further ones do not. Median (least–most) of ${rounds} rounds; pages of the program's file count too.`,
    tables: [
      {
        header: [
          'proxy',
          'started MiB',
          `${busy} busy MiB`,
          `${idle} idle MiB`,
          'KiB an idle one',
          'KiB a further one',
        ],
        rows: contenders.map(rowOf),
      },
    ],
    leftOut: chosen.flatMap((peer) => peer.missing() ?? []),
    verdict: verdictOf(contenders),
    machine: there,
    keep: options.keep,
    data: contenders.map(({ peer, rounds: all }) => ({ name: peer.name, rounds: all })),
  });
}

await main();
