import { mkdirSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.ts';
import type { Spread } from './median.ts';

const quietLoad = 0.5;

/** A table of figures; the first column names what was measured. */
export interface Table {
  /** Stands above it, where a report has several. */
  caption?: string;
  header: string[];
  rows: string[][];
}

/** What one benchmark found. */
export interface Report {
  /** Also the name of the files in `bench/results/`. */
  name: string;
  title: string;
  /** How it was measured, in a sentence or two. */
  method: string;
  tables: Table[];
  /** Who could not take part, and the command that helps. */
  leftOut?: readonly string[];
  /** The claims beside what was found. */
  verdict: string;
  machine: Machine;
  /** Whether it replaces the results on disk, or is only printed. */
  keep: boolean;
  /** All figures, for programs. */
  data: unknown;
}

/** `24.5 (24.1–25.0)`: the median with the least and the most. */
export function withRange(value: Spread, digits: number): string {
  return `${value.median.toFixed(digits)} (${value.min.toFixed(digits)}–${value.max.toFixed(digits)})`;
}

/** A Markdown table whose columns are aligned for reading as text; the first column is left-aligned, the others right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((cell, column) => Math.max(cell.length, 3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) =>
      column === 0 ? (cells[column] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

function describe(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, node, date, loadBefore } = machine;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, Node ${node}, ${date}, load average before: ${loadBefore}`;
}

/** A warning where something else was running; empty where the machine was quiet. */
export function noise({ loadBefore }: Machine): string {
  if (loadBefore <= quietLoad) return '';
  return `\n\n**Noisy**: the load average was ${loadBefore} before the start, so other programs ran too. Repeat this on a quiet machine.`;
}

/** Whether what was found keeps to a target: `sidecar / HAProxy = 1.27 (target ≤ 1.45): met`. */
export function atMost(what: string, found: number, target: number): string {
  const shown = `${what} = ${found.toFixed(2)} (target ≤ ${target.toFixed(2)})`;
  if (Number.isNaN(found)) return `${what} (target ≤ ${target.toFixed(2)}): not measured, one of the two was left out`;
  return `${shown}: ${found <= target ? 'met' : 'MISSED'}`;
}

/** The same for what should be large: `service / plain = 0.91 (target ≥ 0.80): met`. */
export function atLeast(what: string, found: number, target: number): string {
  return `${what} = ${found.toFixed(2)} (target ≥ ${target.toFixed(2)}): ${found >= target ? 'met' : 'MISSED'}`;
}

/** Prints a report and, if it is to be kept, writes it to `bench/results/NAME.md` and `.json`. */
export function publish(report: Report): void {
  const { name, title, method, tables, leftOut = [], machine, data } = report;
  const verdict = report.verdict + noise(machine);
  const figures = [
    ...tables.map(
      ({ caption, header, rows }) => `${caption === undefined ? '' : `${caption}:\n\n`}${table(header, rows)}`,
    ),
    ...leftOut.map((notice) => `Left out: ${notice}.`),
  ].join('\n\n');
  console.log(`\n${figures}\n\n${verdict}\n`);
  if (!report.keep) return;
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const page = `# ${title}\n\n${method}\n\nMachine: ${describe(machine)}.\n\n${figures}\n\n${verdict}\n`;
  writeFileSync(new URL(`${name}.md`, folder), page);
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ name, machine, verdict, data }, null, 2)}\n`);
}
