import { cpuTimeNs } from './cpu-time.ts';
import { loadCore } from './fleet.ts';
import type { LoadResult } from './load.ts';
import { spread, type Spread } from './median.ts';
import type { Peer } from './peers/peer.ts';
import type { Server } from './processes.ts';
import type { Scenario } from './scenarios.ts';

/** What one round of load through one proxy cost. */
export interface Round extends LoadResult {
  cpuUsPerRequest: number;
}

/** A proxy that runs. */
export interface Contestant {
  peer: Peer;
  server: Server;
}

/** One proxy with its rounds. */
export interface Contender {
  peer: Peer;
  rounds: Round[];
}

async function round({ server, peer }: Contestant, scenario: Scenario, seconds: number): Promise<Round> {
  const before = cpuTimeNs(server.pid);
  try {
    const result = await scenario.run(server.port, seconds, loadCore);
    return { ...result, cpuUsPerRequest: (cpuTimeNs(server.pid) - before) / 1000 / result.requests };
  } catch (error) {
    throw new Error(`${peer.name}, ${scenario.title}`, { cause: error });
  }
}

/** Lets the proxies that take part in a scenario have their turns, A B C, A B C, after those that do not count. */
export async function takeTurns(
  contestants: readonly Contestant[],
  scenario: Scenario,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Contender[]> {
  const part = contestants.filter(({ peer }) => scenario.only?.includes(peer.name) ?? true);
  const contenders = part.map(({ peer }): Contender => ({ peer, rounds: [] }));
  for (let turn = 1 - scenario.warmUpTurns; turn <= rounds; turn++) {
    for (const [at, contestant] of part.entries()) {
      const result = await round(contestant, scenario, seconds);
      if (turn < 1) continue;
      contenders[at]?.rounds.push(result);
      const cost = `${result.cpuUsPerRequest.toFixed(1)} µs/${scenario.unit}`;
      console.log(`${scenario.name} ${turn}  ${contestant.peer.name.padEnd(20)} ${cost}`);
    }
  }
  return contenders;
}

/** CPU time per request of one proxy over another's, each round against the same round: neighbours in time share what the machine did meanwhile. */
export function costRatio(mine: Contender, other: Contender): Spread {
  return spread(
    mine.rounds.map((one, turn) => one.cpuUsPerRequest / (other.rounds[turn]?.cpuUsPerRequest ?? Number.NaN)),
  );
}

/** One figure of all rounds. */
export const figure = (contender: Contender, pick: (round: Round) => number): Spread =>
  spread(contender.rounds.map(pick));
