/**
 * Claims: for `GET /users/:id` on PostgreSQL the sample service answers at least 0.8 of the requests per second of a plain handler of
 * Fastify and `pg`, and at least 0.6 with a tenth of the traces recorded; an edit of its configuration is in force within
 * 50 ms (p99); who finds it full is told so within 5 ms (p99).
 * usage: node bench/sample-service.ts [--rounds N] [--seconds S]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { whyNotRun } from '../test/support/installed.ts';
import { PostgresServer } from '../test/support/postgres-server.ts';
import { loadCore, proxyCore } from './fleet.ts';
import { runLoad } from './load.ts';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { readOptions } from './options.ts';
import { freePort, hasWrk, startServer, type Server } from './processes.ts';
import { quantile } from './quantiles.ts';
import { atLeast, atMost, publish, withRange, type Table } from './report.ts';
import { editToForce, ways } from './sample-service/edits.ts';
import { burst, refusals } from './sample-service/refusals.ts';
import { startSampleService } from './sample-service/start.ts';
import type { Scenario } from './scenarios.ts';
import { figure, takeTurns, type Contender, type Contestant, type Round } from './turns.ts';

const targets = { untraced: 0.8, sampled: 0.6, editMs: 50, refusalMs: 5 };
const connections = 64;
const refused = 1_000;

const scenario = (rounds: number): Scenario => ({
  name: 'get-user',
  title: 'GET /users/42',
  unit: 'request',
  connections,
  rounds,
  warmUpTurns: 2,
  only: null,
  async run(port, seconds, core) {
    const url = `http://127.0.0.1:${port}/users/42`;
    const result = await runLoad({ url, seconds, connections, headers: [], core });
    if (result.failures + result.refused > 0)
      throw new Error(`${result.failures} failed, ${result.refused} were refused`);
    return result;
  },
});

const programOf = (name: string): string => fileURLToPath(new URL(`peers/${name}.ts`, import.meta.url));

async function startPlain(databaseUrl: string, ...words: string[]): Promise<Server> {
  const port = await freePort();
  const command = ['env', `DATABASE_URL=${databaseUrl}`, process.execPath, programOf('plain-users'), String(port)];
  return startServer({ name: 'plain', command: [...command, ...words], core: proxyCore, port, path: '/users/42' });
}

async function startCollector(): Promise<Server> {
  const port = await freePort();
  const command = [process.execPath, programOf('otlp-sink'), String(port)];
  return startServer({ name: 'otlp-sink', command, core: loadCore, port, path: '/' });
}

/** Nobody is refused on a busy machine: the plain handlers let everybody wait without end. */
const database = { max_wait_ms: 60_000 };
const settings = { server: { workers: 1 }, database, tracing: { sample_ratio: 0.1 } };

/** Requests per second of all of them, in turns. The first is the service; the others are compared with it. */
async function measureRates(databaseUrl: string, rounds: number, seconds: number): Promise<Contender[]> {
  await using servers = new AsyncDisposableStack();
  const running = (starting: Promise<Server>): Promise<Server> =>
    starting.then((server) => servers.adopt(server, (it) => it.stop()));
  const collector = `http://127.0.0.1:${(await running(startCollector())).port}`;
  const named = { databaseUrl, config: settings };
  // The first one makes the table that the others read.
  const contestants: Contestant[] = [
    ['sample service', await running(startSampleService({ name: 'untraced', ...named }))],
    ['sample service, 10 % sampled', await running(startSampleService({ name: 'sampled', ...named, collector }))],
    ['plain Fastify + pg', await running(startPlain(databaseUrl))],
    ['plain, prepared statement', await running(startPlain(databaseUrl, 'prepared'))],
  ].map(([title, server]) => ({
    peer: { name: title as string, title: title as string, missing: () => null, command: () => [] },
    server: server as Server,
  }));
  return await takeTurns(contestants, scenario(rounds), { rounds, seconds });
}

/** Of one to the other, in the same turn. */
const ratio = (one: Contender, other: Contender, pick: (round: Round) => number): Spread =>
  spread(one.rounds.map((round, turn) => pick(round) / pick(other.rounds[turn]!)));
const perSecond = (round: Round): number => round.perSecond;
const cost = (round: Round): number => round.cpuUsPerRequest;

function ratesTable(contenders: readonly Contender[]): Table {
  const [, , plain] = contenders;
  return {
    caption: 'GET /users/42, at full load',
    header: ['server', 'requests/s', 'of plain', 'CPU µs/request', 'times plain', 'p99 ms'],
    rows: contenders.map((one) => [
      one.peer.title,
      withRange(figure(one, perSecond), 0),
      withRange(ratio(one, plain!, perSecond), 2),
      withRange(figure(one, cost), 1),
      withRange(ratio(one, plain!, cost), 2),
      figure(one, ({ p99Ms }) => p99Ms).median.toFixed(1),
    ]),
  };
}

/** Milliseconds as a row: p50, p99, the most. */
function waitRow(title: string, tookMs: readonly number[]): string[] {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return [title, String(tookMs.length), ...[0.5, 0.99, 1].map((of) => quantile(sorted, of).toFixed(1))];
}
const p99 = (tookMs: readonly number[]): number =>
  quantile(
    tookMs.toSorted((a, b) => a - b),
    0.99,
  );

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const why = whyNotRun(['postgres']);
  if (!hasWrk()) return;
  if (why !== null) {
    console.error(why);
    process.exitCode = 1;
    return;
  }
  const there = machine();
  // Whatever it starts shares the core of the load, the database too, but for what says otherwise.
  spawnSync('taskset', ['-acp', String(loadCore), String(process.pid)]);
  await using postgres = await PostgresServer.start();
  const rounds = options.rounds ?? 7;
  const seconds = options.seconds ?? 2;
  const contenders = await measureRates(postgres.url, rounds, seconds);
  const [untraced, sampled, plain, prepared] = contenders as [Contender, Contender, Contender, Contender];
  const edits: { title: string; tookMs: number[] }[] = [];
  for (const { title, write } of ways) edits.push({ title, tookMs: await editToForce(postgres.url, write, 100) });
  const refusedMs = await refusals(postgres.url, refused);
  const all = await burst(postgres.url);
  const of = (status: number): number[] => all.filter((one) => one.status === status).map(({ tookMs }) => tookMs);

  publish({
    name: 'sample-service',
    title: 'The sample service beside a plain handler',
    method: `${connections} kept connections at full load for ${seconds} s a round; ${rounds} rounds of each in turn, after two that do not count. One process each, on core ${proxyCore}; PostgreSQL, the load and the receiver of spans share core ${loadCore}. Median (least–most); a ratio is taken within a turn. Waits are seen by a client on core ${loadCore}.`,
    tables: [
      ratesTable(contenders),
      {
        caption: 'From an edit of the configuration to the first answer that obeys it (ms)',
        header: ['the file is', 'edits', 'p50', 'p99', 'most'],
        rows: edits.map(({ title, tookMs }) => waitRow(title, tookMs)),
      },
      {
        caption: 'With more requests than it can answer (ms)',
        header: ['answer', 'requests', 'p50', 'p99', 'most'],
        rows: [
          waitRow('503 at once, all places and the queue taken', refusedMs),
          waitRow('1,000 at the same time, 5 connections: 200', of(200)),
          waitRow('1,000 at the same time, 5 connections: 503', of(503)),
        ],
      },
    ],
    verdict: [
      `* ${atLeast('requests/s, sample service / plain', ratio(untraced, plain, perSecond).median, targets.untraced)}`,
      `* ${atLeast('requests/s, with 10 % sampled / plain', ratio(sampled, plain, perSecond).median, targets.sampled)}`,
      ...edits.map(
        ({ title, tookMs }) => `* ${atMost(`edit in force, ${title}, p99 ms`, p99(tookMs), targets.editMs)}`,
      ),
      `* ${atMost('503 when full, p99 ms', p99(refusedMs), targets.refusalMs)}`,
      '',
      `The hardest comparisons: with the plain handler's statement prepared, as the service's is, ${ratio(untraced, prepared, perSecond).median.toFixed(2)} of its requests/s; by CPU time per request, ${ratio(untraced, prepared, cost).median.toFixed(2)} times that handler's.`,
    ].join('\n'),
    machine: there,
    keep: options.keep,
    data: {
      rates: contenders.map(({ peer: { name }, rounds: each }) => ({ name, rounds: each })),
      edits,
      refusedMs: spread(refusedMs),
      burst: { answered: of(200).length, refused: of(503).length },
    },
  });
}

await main();
