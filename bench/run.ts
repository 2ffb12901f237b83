/**
 * Runs every benchmark, one after the other; one that fails does not stop the rest. Each is given a bounded time, so that
 * the whole ends within 52 minutes whatever happens (about 31 in ordinary circumstances).
 * usage: node bench/run.ts
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Benchmark {
  name: string;
  minutes: number;
  /** For its command line. */
  words?: string[];
}

const benchmarks: readonly Benchmark[] = [
  { name: 'proxy-cost', minutes: 9 },
  { name: 'latency', minutes: 5 },
  { name: 'memory', minutes: 4 },
  { name: 'start', minutes: 1 },
  { name: 'where-time-goes', minutes: 0.5 },
  { name: 'breaker-cost', minutes: 0.5 },
  { name: 'evaluation-cost', minutes: 2 },
  { name: 'gate-cost', minutes: 1.5 },
  { name: 'flag-edits', minutes: 4 },
  { name: 'sample-service', minutes: 4 },
  { name: 'operator/run', minutes: 12, words: ['--quick'] },
  { name: 'node', minutes: 8 },
];

/** Whether it ended well, and in time. */
function run({ name, minutes, words = [] }: Benchmark): Promise<boolean> {
  console.log(`\n== ${name}`);
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...words], { stdio: 'inherit' });
  const timer = setTimeout(() => {
    console.error(`${name} was ended after ${minutes} min`);
    child.kill('SIGTERM');
  }, minutes * 60_000);
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

const failed: string[] = [];
for (const benchmark of benchmarks) {
  if (!(await run(benchmark))) failed.push(benchmark.name);
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
