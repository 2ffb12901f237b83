/**
 * Claim: an evaluation by OFREP over loopback costs the sidecar at most 1.3 of the CPU time of a bare `node:http` server
 * that reads the same request and answers the same bytes. The two take turns on one core.
 * usage: node bench/evaluation-cost.ts [--rounds N] [--seconds S]
 */
import { fileURLToPath } from 'node:url';
import { proxyCore } from './fleet.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { readOptions } from './options.ts';
import { flagSidecar } from './peers/flag-sidecar.ts';
import type { Peer } from './peers/peer.ts';
import { freePort, hasWrk, startServer, type Server } from './processes.ts';
import { atMost, publish, withRange } from './report.ts';
import type { Scenario } from './scenarios.ts';
import { costRatio, figure, takeTurns, type Contender } from './turns.ts';

const target = 1.3;
const connections = 16;
const script = fileURLToPath(new URL('evaluate.lua', import.meta.url));
const fixedAnswers = fileURLToPath(new URL('peers/fixed-answers.ts', import.meta.url));
const below = '/ofrep/v1/evaluate/flags';

const flags = [
  { key: 'simple', title: 'a flag that is true' },
  { key: 'for_gold', title: 'a flag with a rule of two comparisons' },
];

const peer = (name: string, title: string): Peer => ({ name, title, missing: () => null, command: () => [] });

const scenarioOf = ({ key, title }: { key: string; title: string }, rounds: number): Scenario => ({
  name: key,
  title,
  unit: 'evaluation',
  connections,
  rounds,
  warmUpTurns: 4,
  only: null,
  async run(port, seconds, core) {
    const url = `http://127.0.0.1:${port}${below}/${key}`;
    const result = await runLoad({ url, seconds, connections, headers: [], script, core });
    if (result.failures + result.refused > 0) throw new Error('some evaluations failed');
    return result;
  },
});

/** What the sidecar says, so that the other one can say the same. */
async function answerFor(key: string, port: number): Promise<{ headers: Record<string, string>; body: string }> {
  const body = '{"context":{"plan":"gold"}}';
  const response = await fetch(`http://127.0.0.1:${port}${below}/${key}`, { method: 'POST', body });
  const named = ['content-type', 'content-length', 'cache-control', 'x-content-type-options'];
  const headers = Object.fromEntries(named.flatMap((name) => [[name, response.headers.get(name) ?? '']]));
  return { headers, body: await response.text() };
}

async function start(): Promise<{ sidecar: Server; bare: Server }> {
  const local = await freePort();
  const sidecar = await startServer({
    name: 'sidecar',
    command: flagSidecar({ inbound: null, local }),
    core: proxyCore,
    port: local,
    path: '/ofrep/v1/configuration',
  });
  const answers = Object.fromEntries(
    await Promise.all(flags.map(async ({ key }) => [`${below}/${key}`, await answerFor(key, local)] as const)),
  );
  const port = await freePort();
  const command = [process.execPath, fixedAnswers, String(port), JSON.stringify(answers)];
  return { sidecar, bare: await startServer({ name: 'bare', command, core: proxyCore, port, path: '/' }) };
}

function rowsOf({ title }: Scenario, contenders: readonly Contender[]): string[][] {
  const [, bare] = contenders;
  return contenders.map((contender) => [
    `${contender.peer.title}, ${title}`,
    withRange(
      figure(contender, (round) => round.cpuUsPerRequest),
      1,
    ),
    withRange(
      figure(contender, (round) => round.perSecond),
      0,
    ),
    bare === undefined ? '' : withRange(costRatio(contender, bare), 2),
  ]);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasWrk()) return;
  const there = machine();
  const rounds = options.rounds ?? 6;
  const { sidecar, bare } = await start();
  const found: { scenario: Scenario; contenders: Contender[] }[] = [];
  try {
    const contestants = [
      { peer: peer('sidecar', 'sidecar'), server: sidecar },
      { peer: peer('bare', 'bare node:http server'), server: bare },
    ];
    for (const scenario of flags.map((flag) => scenarioOf(flag, rounds))) {
      const contenders = await takeTurns(contestants, scenario, { rounds, seconds: options.seconds ?? 2 });
      found.push({ scenario, contenders });
    }
  } finally {
    await sidecar.stop();
    await bare.stop();
  }
  publish({
    name: 'evaluation-cost',
    title: 'What the evaluation of a flag by OFREP costs',
    method: `POST of one flag over ${connections} kept connections at full load; ${rounds} rounds of each in turn, after four that do not count. The bare server of \`node:http\` reads the body to its end and answers the same bytes. Median (least–most); a ratio is taken within a turn.`,
    tables: [
      {
        header: ['server', 'CPU µs/evaluation', 'evaluations/s', 'times bare'],
        rows: found.flatMap(({ scenario, contenders }) => rowsOf(scenario, contenders)),
      },
    ],
    verdict: found
      .map(({ scenario, contenders: [mine, other] }) => {
        const ratio = mine === undefined || other === undefined ? Number.NaN : costRatio(mine, other).median;
        return `* ${atMost(`CPU per evaluation of ${scenario.title}, sidecar / bare`, ratio, target)}`;
      })
      .join('\n'),
    machine: there,
    keep: options.keep,
    data: found.map(({ scenario, contenders }) => ({
      name: scenario.name,
      contenders: contenders.map(({ peer: { name }, rounds: all }) => ({ name, rounds: all })),
    })),
  });
}

await main();
