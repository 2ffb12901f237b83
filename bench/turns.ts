import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cpuTimeNs } from './cpu-time.ts';
import { runLoad, type LoadResult } from './load.ts';
import type { Peer } from './peers/peers.ts';
import { freePort, startServer, type Server } from './processes.ts';

/** Connections of the load generator, each with one request under way (count). */
export const connections = 64;
/** What the load generator sends beside `host`. */
export const headers = [
  'user-agent: proxy-cost/1',
  'accept: application/json',
  'accept-encoding: gzip, deflate',
  'x-tenant: shop',
];

/** Turns that do not count: on Node the compiler is still at work during the first. */
export const warmUpTurns = 2;

const proxyCore = 0;
const loadCore = availableParallelism() > 1 ? 1 : 0;
const path = '/users/42';

/** What one round of load through one proxy cost. */
export interface Round extends LoadResult {
  cpuUsPerRequest: number;
}

/** One proxy with its rounds. */
export interface Contender {
  peer: Peer;
  rounds: Round[];
}

interface Running extends Contender {
  server: Server;
}

async function round({ server, peer }: Running, seconds: number): Promise<Round> {
  const before = cpuTimeNs(server.pid);
  const result = await runLoad({ url: server.url, seconds, connections, headers, core: loadCore });
  const cpuUs = (cpuTimeNs(server.pid) - before) / 1000;
  // A refused request is a cheap one: a round with any tells nothing.
  if (result.errors > 0) throw new Error(`${peer.name}: ${result.errors} requests failed`);
  return { ...result, cpuUsPerRequest: cpuUs / result.requests };
}

/** Starts all proxies in front of one service and lets them take turns: `rounds` rounds of `seconds` each, after a warm-up. */
export async function takeTurns(chosen: readonly Peer[], rounds: number, seconds: number): Promise<Contender[]> {
  const endings: (() => unknown)[] = [];
  try {
    const upstreamPort = await freePort();
    const program = fileURLToPath(new URL('peers/upstream.ts', import.meta.url));
    const command = [process.execPath, program, String(upstreamPort)];
    const upstream = await startServer({ name: 'upstream', command, core: loadCore, port: upstreamPort, path });
    endings.push(() => upstream.stop());
    const contenders: Running[] = [];
    for (const peer of chosen) {
      const port = await freePort();
      const { command: line, clean } = peer.command({ port, upstreamPort });
      if (clean !== undefined) endings.push(clean);
      const server = await startServer({ name: peer.name, command: line, core: proxyCore, port, path });
      endings.push(() => server.stop());
      contenders.push({ peer, server, rounds: [] });
    }
    for (let turn = 1; turn <= warmUpTurns; turn++) {
      for (const contender of contenders) await round(contender, seconds);
    }
    for (let turn = 1; turn <= rounds; turn++) {
      for (const contender of contenders) {
        const result = await round(contender, seconds);
        contender.rounds.push(result);
        console.log(`round ${turn}  ${contender.peer.name.padEnd(20)} ${result.cpuUsPerRequest.toFixed(1)} µs/request`);
      }
    }
    return contenders;
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}
