/**
 * Claims: with every stage on, the sidecar costs at most 1.45 of HAProxy's CPU time per request, 0.45 of that of a plain
 * `node:http` + `undici` proxy and 0.42 of Envoy's; an answer of 1 MiB at most 1.5 of HAProxy's; a refusal at most half
 * of a proxied request. The proxies take turns on one core, load generator and service share another.
 * usage: node bench/proxy-cost.ts [--rounds N] [--seconds S] [--only NAME,…] [--scenarios NAME,…]
 */
import { writeFileSync } from 'node:fs';
import { barChart, type Panel } from './bar-chart.ts';
import { startFleet } from './fleet.ts';
import { machine } from './machine.ts';
import { readOptions, type Options } from './options.ts';
import { peers, peersNamed } from './peers/peers.ts';
import type { Peer } from './peers/peer.ts';
import { hasWrk } from './processes.ts';
import { atMost, publish, withRange, type Table } from './report.ts';
import { headers, scenarios, type Scenario } from './scenarios.ts';
import { costRatio, figure, takeTurns, type Contender, type Contestant } from './turns.ts';

const defaultSeconds = 2;

interface Found {
  scenario: Scenario;
  contenders: Contender[];
}

const named = (found: Found | undefined, name: string): Contender | undefined =>
  found?.contenders.find(({ peer }) => peer.name === name);

async function measure(chosen: readonly Peer[], options: Options): Promise<Found[]> {
  const fleet = await startFleet();
  try {
    const contestants: Contestant[] = [];
    for (const peer of chosen) contestants.push({ peer, server: await fleet.start(peer) });
    const all: Found[] = [];
    for (const scenario of scenarios.filter(({ name }) => options.scenarios?.includes(name) ?? true)) {
      const length = { rounds: options.rounds ?? scenario.rounds, seconds: options.seconds ?? defaultSeconds };
      all.push({ scenario, contenders: await takeTurns(contestants, scenario, length) });
    }
    return all;
  } finally {
    await fleet.stop();
  }
}

function tableOf(found: Found): Table {
  const { scenario, contenders } = found;
  const sidecar = named(found, 'sidecar');
  return {
    caption: `${scenario.title}, ${scenario.connections} connections`,
    header: ['proxy', `CPU µs/${scenario.unit}`, `${scenario.unit}s/s`, 'p50 ms', 'p99 ms', 'sidecar / this'],
    rows: contenders.map((contender) => [
      contender.peer.title,
      withRange(
        figure(contender, (round) => round.cpuUsPerRequest),
        1,
      ),
      withRange(
        figure(contender, (round) => round.perSecond),
        0,
      ),
      figure(contender, (round) => round.p50Ms).median.toFixed(2),
      figure(contender, (round) => round.p99Ms).median.toFixed(2),
      sidecar === undefined ? '' : withRange(costRatio(sidecar, contender), 2),
    ]),
  };
}

function verdictOf(all: readonly Found[]): string {
  const scenario = (name: string): Found | undefined => all.find((found) => found.scenario.name === name);
  const ratio = (mine: Contender | undefined, other: Contender | undefined): number =>
    mine === undefined || other === undefined ? Number.NaN : costRatio(mine, other).median;
  const beside = (name: string, peer: string): number =>
    ratio(named(scenario(name), 'sidecar'), named(scenario(name), peer));
  const refusal = ratio(named(scenario('refusal'), 'sidecar'), named(scenario('get'), 'sidecar'));
  return [
    atMost('CPU per request, sidecar / HAProxy', beside('get', 'haproxy'), 1.45),
    atMost('CPU per request, sidecar / (node:http + undici)', beside('get', 'http-undici'), 0.45),
    atMost('CPU per request, sidecar / Envoy', beside('get', 'envoy'), 0.42),
    atMost('CPU per answer of 1 MiB, sidecar / HAProxy', beside('large', 'haproxy'), 1.5),
    atMost('CPU of the sidecar, a refusal / a proxied request', refusal, 0.5),
  ]
    .map((line) => `* ${line}`)
    .join('\n');
}

function plot(all: readonly Found[]): void {
  const panels = all.map(({ scenario, contenders }): Panel => {
    const bars = contenders.map((contender) => {
      const { name, title } = contender.peer;
      return { label: title, own: name.startsWith('sidecar'), ...figure(contender, (round) => round.cpuUsPerRequest) };
    });
    return { title: `${scenario.title}: CPU µs/${scenario.unit}`, bars };
  });
  const chart = barChart('What passing through a proxy costs (less is better)', panels);
  writeFileSync(new URL('results/proxy-cost.svg', import.meta.url), chart);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk()) return;
  const chosen = options.only === null ? peers : peersNamed(options.only);
  const leftOut = chosen.flatMap((peer) => peer.missing() ?? []);
  const there = machine();
  const all = await measure(
    chosen.filter((peer) => peer.missing() === null),
    options,
  );
  publish({
    name: 'proxy-cost',
    title: 'What passing through a proxy costs',
    method: `Kept-alive connections at full load, ${headers.length + 1} header fields a request; rounds of ${options.seconds ?? defaultSeconds} s in turn, after one or two that do not count. Median (least–most) of the rounds; CPU is user and system time of all threads of the proxy. Latencies are those of a saturated proxy.`,
    tables: all.map(tableOf),
    leftOut,
    verdict: verdictOf(all),
    machine: there,
    keep: options.keep,
    data: all.map(({ scenario, contenders }) => ({
      scenario: scenario.name,
      proxies: contenders.map(({ peer, rounds }) => ({ name: peer.name, rounds })),
    })),
  });
  if (options.keep) plot(all);
}

await main();
