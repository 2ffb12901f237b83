/** `make fuzz`: property-based, signature-guided fuzzing of the codec and of whole exchanges, on all cores. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { FuzzTally } from './fuzz.ts';
import type { WorkerOrder } from './worker.ts';

const { values } = parseArgs({
  options: {
    // Of the codec, all processes together (count).
    cases: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '900' },
    seed: { type: 'string' },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 0x1_0000_0000) : Number(values.seed);
const processes = Number(values.processes);
const cases = Math.ceil(Number(values.cases) / processes);
const seconds = Number(values.seconds);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const tallies: (FuzzTally | undefined)[] = [];
const count = (of: (tally: FuzzTally) => number): number =>
  tallies.reduce((sum, tally) => sum + (tally === undefined ? 0 : of(tally)), 0);
const beganMs = performance.now();
const state = (): string => {
  const tookS = (performance.now() - beganMs) / 1000;
  const codec = count((tally) => tally.codec);
  return (
    `${codec.toLocaleString('en')} cases of the codec (${Math.round(codec / tookS).toLocaleString('en')}/s), ` +
    `${count((tally) => tally.exchanges).toLocaleString('en')} exchanges, ` +
    `${count((tally) => tally.behaviours).toLocaleString('en')} behaviours, ${Math.round(tookS)} s`
  );
};

say(`seed ${seed}, ${processes} processes, ${cases.toLocaleString('en')} cases each, at most ${seconds} s`);
const timer = setInterval(() => say(state()), 10_000);
const ends = Array.from({ length: processes }, async (_, stream) => {
  const order: WorkerOrder = { seed, stream, cases, seconds };
  const worker = fork(new URL('worker.ts', import.meta.url), [JSON.stringify(order)]);
  worker.on('message', (tally) => {
    tallies[stream] = tally as FuzzTally;
  });
  const [status] = (await once(worker, 'exit')) as [number | null];
  return status === 0;
});
const ended = await Promise.all(ends);
clearInterval(timer);
say(state());
const findings = tallies.flatMap((tally) => tally?.findings ?? []);
for (const finding of findings) say(`\n${finding}`);
if (findings.length > 0)
  say(`\n${findings.length} findings; put them into test/fuzz/examples.test.ts by a name that says what they show.`);
if (!ended.every(Boolean)) say('a process of the fuzzing ended by itself');
process.exitCode = findings.length === 0 && ended.every(Boolean) ? 0 : 1;
