/**
 * Runs the benchmarks of the operator on one real API server, one after the other; one that fails does not stop the rest.
 * usage: node bench/operator/run.ts [--only start,edit,flag,fan-out,scale] [--rounds N] [--quick]
 * `--quick`: only where the API server can be had at once; else it says what helps. With `--rounds` results are printed only.
 */
import { parseArgs } from 'node:util';
import { isBuilt } from '../../test/cluster/build/built-binary.ts';
import { machine } from '../machine.ts';
import { publish } from '../report.ts';
import { Bed } from './bed.ts';
import type { Claim } from './claim.ts';
import { editToEnforced } from './edit-to-enforced.ts';
import { editToEvaluated } from './edit-to-evaluated.ts';
import { fanOut } from './fan-out.ts';
import { scale } from './scale.ts';
import { startToReady } from './start-to-ready.ts';

const claims: readonly Claim[] = [
  startToReady, // first: the cluster is empty
  editToEnforced,
  editToEvaluated,
  fanOut,
  scale, // last: it fills the cluster
];

async function runAll(chosen: readonly Claim[], rounds: number | null): Promise<void> {
  const bed = await Bed.open();
  try {
    for (const { name, measure } of chosen) {
      console.log(`\n== operator-${name}`);
      const there = machine();
      try {
        const found = await measure(bed, rounds);
        publish({ name: `operator-${name}`, ...found, machine: there, keep: rounds === null });
      } catch (error) {
        console.error(`operator-${name} failed:`, error);
        process.exitCode = 1;
      }
    }
  } finally {
    await bed.close();
  }
}

/** Whether an API server starts in seconds. */
function isAtHand(): boolean {
  const { FUSEBOX_TEST_CLUSTER: wish, KUBEBUILDER_ASSETS: assets = '' } = process.env;
  return wish === 'existing' || assets !== '' || isBuilt();
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const names = values.only?.split(',') ?? claims.map(({ name }) => name);
const unknown = names.filter((name) => !claims.some((claim) => claim.name === name));
if (unknown.length > 0)
  throw new Error(`unknown: ${unknown.join(', ')}; there are ${claims.map(({ name }) => name).join(', ')}`);
const chosen = claims.filter(({ name }) => names.includes(name));
const rounds = values.rounds === undefined ? null : Math.max(1, Number(values.rounds));
if (values.quick && !isAtHand()) {
  console.log('Left out: no API server is at hand. Build one:  make cluster && make cluster-down');
} else await runAll(chosen, rounds);
