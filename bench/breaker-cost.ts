/**
 * Claim: deciding and counting one call costs `admit` + `settle` at most a twentieth of what `opossum`, as it comes, adds to
 * a call. Beside it stand opossum with all switched off that our functions do not do either, and ours with the clock read.
 * Both circuits stay closed with a ten-second window in one-second buckets and see only successes.
 * usage: node bench/breaker-cost.ts [--rounds N] [--calls N]
 */
import { parseArgs } from 'node:util';
import type { BreakerSettings } from '@fusebox/api/snapshot.ts';
import { admit, newCircuit, settle } from '@fusebox/sidecar/rules/circuit.ts';
import { OK } from '@fusebox/sidecar/rules/verdict.ts';
import CircuitBreaker from 'opossum';
import { machine } from './machine.ts';
import { spread, type Spread } from './median.ts';
import { publish, withRange } from './report.ts';

const target = 20;

const settings: BreakerSettings = {
  mode: 'Enforce',
  forced: null,
  failureThreshold: 5,
  failureRateThreshold: 0.5,
  slowCallRateThreshold: 1,
  slowCallDurationMs: 2000,
  window: { type: 'Time', size: 10 },
  minimumNumberOfCalls: 20,
  resetTimeoutMs: 5000,
  maxResetTimeoutMs: 60_000,
  resetJitter: 0.2,
  halfOpenAllowedRequests: 3,
  maxHalfOpenDurationMs: 30_000,
  failOn: { statusClasses: [5], statusCodes: [], connect: true, reset: true, timeout: true },
  abandonedAfterMs: 2000,
};

const shared = { errorThresholdPercentage: 50, volumeThreshold: 20, resetTimeout: 5000, rollingCountTimeout: 10_000 };
const action = async (): Promise<number> => 1;
const asItComes = new CircuitBreaker(action, shared);
const leanest = new CircuitBreaker(action, {
  ...shared,
  timeout: false,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
});
const circuit = newCircuit(settings, performance.now());

const explanation =
  'Median (least–most) of the rounds. Added is the whole less calling the same async function directly in the same round; ' +
  '`admit` and `settle` wrap no function, so all they cost is added. "As it comes" has the defaults of opossum, a timeout of ' +
  '10 s and percentiles of latency among them; "leanest" has neither, and no snapshots.';

/** What keeps the loops from being optimised away. */
let sum = 0;

/** Each runs `calls` calls and is timed as a whole. */
const loops = {
  direct: async (calls: number) => {
    for (let call = 0; call < calls; call++) sum += await action();
  },
  leanest: async (calls: number) => {
    for (let call = 0; call < calls; call++) sum += await leanest.fire();
  },
  asItComes: async (calls: number) => {
    for (let call = 0; call < calls; call++) sum += await asItComes.fire();
  },
  /** Reads the clock twice a call, as one does who has no other use for the time. */
  withClock: async (calls: number) => {
    for (let call = 0; call < calls; call++) {
      const startMs = performance.now();
      const era = admit(circuit, settings, startMs, Math.random);
      settle(circuit, settings, era, OK, false, startMs, performance.now(), Math.random);
      sum += era;
    }
  },
  /** Is told the time, as in the sidecar, where one reading serves all stages. */
  told: async (calls: number) => {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) {
      const nowMs = startMs + call * 0.0001;
      const era = admit(circuit, settings, nowMs, Math.random);
      settle(circuit, settings, era, OK, false, nowMs, nowMs, Math.random);
      sum += era;
    }
  },
};
type Loop = keyof typeof loops;
const wrapsNothing = new Set<Loop>(['withClock', 'told']);
const names = Object.keys(loops) as Loop[];

async function nsPerCall(loop: Loop, calls: number): Promise<number> {
  const startMs = performance.now();
  await loops[loop](calls);
  return ((performance.now() - startMs) * 1e6) / calls;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, calls: { type: 'string' } } });
  const rounds = Math.max(1, Number(values.rounds ?? 9));
  const calls = Math.max(1, Number(values.calls ?? 200_000));
  const there = machine();
  const found: Record<Loop, number[]> = { direct: [], leanest: [], asItComes: [], withClock: [], told: [] };
  for (const name of names) await nsPerCall(name, calls); // warm-up, not counted
  for (let round = 0; round < rounds; round++) {
    for (const name of names) found[name].push(await nsPerCall(name, calls));
  }
  for (const breaker of [asItComes, leanest]) breaker.shutdown();

  const added = (name: Loop): number[] =>
    found[name].map((ns, round) => (wrapsNothing.has(name) ? ns : ns - (found.direct[round] ?? Number.NaN)));
  const times = (name: Loop, ours: Loop): Spread =>
    spread(added(name).map((ns, round) => ns / (found[ours][round] ?? Number.NaN)));
  const row = (title: string, name: Loop): string[] => {
    const figures = [spread(found[name]), spread(added(name))].map((figure) => withRange(figure, 0));
    const ratios = wrapsNothing.has(name)
      ? ['', '']
      : [withRange(times(name, 'told'), 1), withRange(times(name, 'withClock'), 1)];
    return [title, ...figures, ...ratios];
  };
  publish({
    name: 'breaker-cost',
    title: 'What a circuit breaker adds to a call',
    method: `One call after another, ${calls} calls a round, ${rounds} rounds in turn after a warm-up. ${explanation}`,
    tables: [
      {
        header: ['breaker', 'ns/call', 'added ns/call', 'times ours, told the time', 'times ours, clock read'],
        rows: [
          ['no breaker, direct call', withRange(spread(found.direct), 0), '', '', ''],
          row('opossum fire, as it comes', 'asItComes'),
          row('opossum fire, leanest', 'leanest'),
          row('admit + settle, told the time', 'told'),
          row('admit + settle, clock read twice', 'withClock'),
        ],
      },
    ],
    verdict: verdictOf(times('asItComes', 'told').median, times('leanest', 'withClock').median),
    machine: there,
    keep: true,
    data: found.direct.map((_, round) => Object.fromEntries(names.map((name) => [name, found[name][round]]))),
  });
  if (!Number.isFinite(sum)) throw new Error('unreachable: the sum is only there to be used');
}

function verdictOf(claimed: number, hardest: number): string {
  const found = `opossum as it comes / (admit + settle) = ${claimed.toFixed(1)} (target ≥ ${target})`;
  const other = `The hardest comparison, opossum leanest / (admit + settle with the clock read twice), gives ${hardest.toFixed(1)}.`;
  return `${found}: ${claimed >= target ? 'met' : 'MISSED'}\n\n${other}`;
}

await main();
