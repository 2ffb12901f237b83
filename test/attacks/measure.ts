/** Writes what the attacks of `make test` do, measured for longer, into docs/security.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { attackNames, attacks } from './attacks.ts';
import { underAttack, type UnderAttack } from './under-attack.ts';

const PAGE = new URL('../../docs/security.md', import.meta.url);
const BEGIN = '<!-- figures: node test/attacks/measure.ts -->';
const END = '<!-- /figures -->';
/** For each measurement (ms). */
const FOR_MS = 5_000;
const MIB = 1_048_576;

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

function row(title: string, seen: UnderAttack): string {
  const { connections, begun, statuses, calm, attacked, calmBytes, peakBytes } = seen;
  const grownBytes = Math.max(0, peakBytes - calmBytes);
  const each = connections < 200 ? '' : ` (${(grownBytes / connections / 1_024).toFixed(1)} KiB each)`;
  const answers = Object.entries(statuses).map(([status, count]) => `${count.toLocaleString('en')} × ${status}`);
  return [
    '',
    title,
    `${connections.toLocaleString('en')} at once, ${begun.toLocaleString('en')} in all`,
    answers.length === 0 ? 'none' : answers.join(', '),
    `${ms(calm.p50Ms)} → ${ms(attacked.p50Ms)}`,
    `${ms(calm.p99Ms)} → ${ms(attacked.p99Ms)}`,
    String(attacked.failed),
    `${Math.round(calmBytes / MIB)} → ${Math.round(peakBytes / MIB)}${each}`,
    '',
  ]
    .join(' | ')
    .trim();
}

const rows: string[] = [];
const loads: number[] = [];
for (const name of attackNames) {
  loads.push(loadavg()[0]!);
  const seen = await underAttack(name, FOR_MS);
  rows.push(row(attacks[name].title, seen));
  process.stdout.write(`${rows.at(-1)}\n`);
}
const [cpu] = cpus();
const load = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
const machine = `${cpus().length} cores (${cpu!.model.trim()}), Linux, Node ${process.versions.node}`;
const table = [
  `Machine: ${machine}, shared by the sidecar, the service, the attacker and the good clients. Load average before each attack: ${load}; ` +
    'what is above 1 is other work on the same machine, and makes every latency longer.',
  '',
  '| attack | connections | answers to the attacker | p50 of good clients (ms) | p99 (ms) | of theirs failed | memory (MiB) |',
  '| --- | --- | --- | --- | --- | --- | --- |',
  ...rows,
];
const page = await readFile(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const [, after] = rest!.split(END);
await writeFile(PAGE, `${before}${BEGIN}\n\n${table.join('\n')}\n\n${END}${after}`);
