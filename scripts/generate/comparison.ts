/** The figures in docs/comparison.md. The page around them is written by hand. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Generator } from './generators.ts';
import { table } from './markdown.ts';
import { resultTable } from './result-table.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');

const PAGE = 'docs/comparison.md';
const BEGIN = '<!-- figures: make generate -->\n';
const END = '<!-- /figures -->';

interface Figure {
  title: string;
  /** In bench/results. */
  file: string;
  column: string;
}

const OF_PROXIES: readonly Figure[] = [
  { title: 'CPU time of a request (µs)', file: 'proxy-cost.md', column: 'CPU µs/request' },
  { title: 'p99 at a fixed rate (ms)', file: 'latency.md', column: 'p99 ms' },
  { title: 'memory, 64 busy connections (MiB)', file: 'memory.md', column: '64 busy MiB' },
  { title: 'a further idle connection (KiB)', file: 'memory.md', column: 'KiB a further one' },
  { title: 'start to first answer (ms)', file: 'start.md', column: 'ready ms' },
];

/** As they are called in the results. */
const PROXIES = [
  'sidecar, every stage on',
  'Envoy, one worker',
  'HAProxy, one thread',
  'nginx, one worker',
  'Go httputil.ReverseProxy',
  'node:http + undici',
];

const OF_EDITS: readonly (Figure & { row: string })[] = [
  {
    title: 'edit of a ConfigMap until a sidecar enforces it (ms)',
    file: 'operator-edit.md',
    column: 'p50 ms',
    row: 'the sidecar enforces it',
  },
  {
    title: 'the same, in the API server alone (ms)',
    file: 'operator-edit.md',
    column: 'p50 ms',
    row: 'a bare watch has told',
  },
  {
    title: 'one edit until all of 1,000 sidecars have it (ms)',
    file: 'operator-fan-out.md',
    column: 'p50 ms',
    row: 'all clients have it',
  },
  {
    title: 'on a node with real pods: kubectl returned until the first changed answer (ms)',
    file: 'node.md',
    column: 'p50 ms',
    row: 'the return of kubectl',
  },
  {
    title: 'the same with a mounted ConfigMap and no Fusebox (ms)',
    file: 'node.md',
    column: 'p50 ms',
    row: 'a mounted ConfigMap, from the return of kubectl',
  },
];

const link = (file: string): string => `[${file}](../bench/results/${file})`;

function figures(): string {
  const proxies = OF_PROXIES.map(({ title, file, column }) => {
    const found = resultTable(read(`bench/results/${file}`), column);
    return [title, ...PROXIES.map((proxy) => found.get(proxy)?.get(column) ?? ''), link(file)];
  });
  // What was never measured here has no row.
  const measured = OF_EDITS.filter(({ file }) => existsSync(resolve(root, 'bench/results', file)));
  const edits = measured.map(({ title, file, column, row }) => {
    const cells = resultTable(read(`bench/results/${file}`), column).get(row);
    return [title, cells?.get(column) ?? '', cells?.get('p99 ms') ?? '', link(file)];
  });
  return `
${table(['', ...PROXIES, 'from'], proxies)}

The sidecar is measured with every stage on: routes, a flag, a rate limit, a breaker that enforces, a concurrency limit, deadlines, metrics.

${table(['', 'p50', 'p99', 'from'], edits)}

`;
}

function render(): string {
  const page = read(PAGE);
  const from = page.indexOf(BEGIN) + BEGIN.length;
  return `${page.slice(0, from)}${figures()}${page.slice(page.indexOf(END))}`;
}

/** docs/comparison.md, with the figures that the benchmarks left. */
export const comparisonPage: Generator = { file: PAGE, render };
