import type { Report } from '../report.ts';
import { quantile } from '../quantiles.ts';
import type { Bed } from './bed.ts';

/** What a benchmark found; where and when is added by whoever ran it. */
type Found = Omit<Report, 'name' | 'machine' | 'keep'>;

/** One benchmark of the operator. */
export interface Claim {
  /** Also the name of the files in `bench/results/`, after `operator-`. */
  name: string;
  /** `rounds`: repetitions; null: as many as the claim speaks of. */
  measure(bed: Bed, rounds: number | null): Promise<Found>;
}

/** Times of one kind (ms), summed up. */
export interface Times {
  p50: number;
  p99: number;
  max: number;
}

export function timesOf(valuesMs: readonly number[]): Times {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? Number.NaN };
}

/** A row of a table of times (ms). */
export function timesRow(title: string, { p50, p99, max }: Times): string[] {
  return [title, ...[p50, p99, max].map((value) => value.toFixed(1))];
}

export const timesHeader = (what: string): string[] => [what, 'p50 ms', 'p99 ms', 'max ms'];
