/**
 * Claim: with 1,000 flags that are edited again and again, a sidecar's memory does not grow: after 1,000 edits, with all
 * flags asked after each, at most 1.05 of what was resident after the first 200.
 * usage: node bench/flag-edits.ts [--rounds N]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compile } from '@fusebox/api/compile/compile.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { featureFlagSet } from '@fusebox/api/testing/builders.ts';
import { newToken, TestOperator } from '../test/support/operator.ts';
import { collectGarbage } from './collect-garbage.ts';
import { machine } from './machine.ts';
import { spread } from './median.ts';
import { readOptions } from './options.ts';
import { flagSidecar } from './peers/flag-sidecar.ts';
import { freePort, startServer, type Server } from './processes.ts';
import { atMost, publish } from './report.ts';
import { residentKiB } from './resident.ts';

const flags = 1_000;
const pod = 'pod';
const target = 1.05;
/** Edits before the first look, and between two looks. */
const between = 200;

/** Every edit changes a tenth of the flags; the names of another hundredth are new, and as many old ones are gone. */
function snapshotOf(edit: number): Snapshot {
  const written = Array.from({ length: flags }, (_, at): [string, object] => {
    const turned = at % 10 === edit % 10;
    const name = at % 100 === 0 ? `flag-${at}-${edit}` : `flag-${at}`;
    const rule = { if: [{ '==': [{ var: 'plan' }, turned ? `plan-${edit}` : 'gold'] }, 'on', null] };
    return [name, { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off', targeting: rule }];
  });
  const numbers = { state: 'ENABLED', variants: { now: edit }, defaultVariant: 'now' };
  const spec = { flags: Object.fromEntries([...written, ['edit', numbers]]) };
  return compile([featureFlagSet(spec)], { namespace: null, workloads: [], labels: null }).snapshot;
}

interface Look {
  edits: number;
  rssMiB: number;
}

/** Makes one edit, and asks for all flags once it holds. The time until then (ms). */
async function editOnce(operator: TestOperator, local: number, edit: number): Promise<number> {
  const snapshot = snapshotOf(edit);
  const begunMs = performance.now();
  operator.registry.publish(pod, snapshot);
  const ask = async (path: string): Promise<string> => {
    const body = '{"context":{"plan":"gold"}}';
    return (await fetch(`http://127.0.0.1:${local}/ofrep/v1/evaluate/flags${path}`, { method: 'POST', body })).text();
  };
  while (!(await ask('/edit')).includes(`"value":${edit},`)) await sleep(2);
  const tookMs = performance.now() - begunMs;
  await ask('');
  return tookMs;
}

/** What is resident once all garbage is gone. */
async function look({ pid }: Server, inspect: number, edits: number): Promise<Look> {
  await collectGarbage(inspect);
  await sleep(500);
  await collectGarbage(inspect);
  await sleep(500);
  return { edits, rssMiB: residentKiB(pid) / 1024 };
}

async function measure(edits: number): Promise<{ looks: Look[]; editMs: number[] }> {
  await using operator = await TestOperator.start();
  operator.registry.publish(pod, snapshotOf(0));
  const [local, inspect] = [await freePort(), await freePort()];
  const token = await operator.writeToken(newToken(pod, { lifetimeMs: 3_600_000 }));
  const settings = ['--operator', operator.url, '--ca', operator.caPath, '--token', token];
  const nodeArguments = [`--inspect=127.0.0.1:${inspect}`];
  const command = flagSidecar({ inbound: null, local, settings, nodeArguments });
  const server = await startServer({
    name: 'sidecar',
    command,
    core: null,
    port: local,
    path: '/ofrep/v1/configuration',
  });
  try {
    const looks: Look[] = [];
    const editMs: number[] = [];
    for (let edit = 1; edit <= edits; edit++) {
      editMs.push(await editOnce(operator, local, edit));
      if (edit % between !== 0) continue;
      looks.push(await look(server, inspect, edit));
      console.log(`flag-edits  ${edit} edits  ${looks.at(-1)!.rssMiB.toFixed(1)} MiB`);
    }
    return { looks, editMs };
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const there = machine();
  const { looks, editMs } = await measure((options.rounds ?? 5) * between);
  const growth = (looks.at(-1)?.rssMiB ?? Number.NaN) / (looks[0]?.rssMiB ?? Number.NaN);
  publish({
    name: 'flag-edits',
    title: 'What edits of a thousand flags leave behind',
    method: `${flags} flags with a rule, from an operator. Each edit changes a tenth of them and gives a hundredth new names; then all are asked by OFREP, as text and by \`fetch\`. Resident memory after V8 has collected all garbage twice. One edit takes ${spread(editMs).median.toFixed(0)} ms until it holds (median): a hundred a minute leave most of the time idle.`,
    tables: [
      {
        header: ['after edits', 'RSS MiB'],
        rows: looks.map(({ edits, rssMiB }) => [String(edits), rssMiB.toFixed(1)]),
      },
    ],
    verdict: atMost(`RSS after ${looks.at(-1)?.edits ?? 0} edits / after ${between}`, growth, target),
    machine: there,
    keep: options.keep,
    data: { looks, editMs: spread(editMs) },
  });
}

await main();
