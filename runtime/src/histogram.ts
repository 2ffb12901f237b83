import { labelText, sampleValue } from './exposition-text.ts';
import type { Labels } from './exposition-text.ts';

/** Counts observations by size. */
export interface Histogram {
  /** Counts one duration (s). Allocates nothing. Negative values and NaN are ignored. */
  observe(seconds: number): void;
}

/** Upper bounds (s) for durations of requests: 1 ms to 10 s. */
const durationBounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface HistogramOptions {
  name: string;
  labels: Labels;
  bounds: readonly number[] | undefined;
}

/** One series of a histogram. The text before each number is made once. */
export class HistogramSeries implements Histogram {
  readonly labels: Labels;
  readonly #bounds: Float64Array;
  /** Observations per bucket, not summed up; the last bucket is +Inf. */
  readonly #counts: Float64Array;
  /** An array, since a field holding a fraction may be allocated anew at each change. */
  readonly #sum = new Float64Array(1);
  readonly #bucketPrefixes: string[];
  readonly #sumPrefix: string;
  readonly #countPrefix: string;

  constructor({ name, labels, bounds = durationBounds }: HistogramOptions) {
    if (bounds.some((bound, at) => !(bound > (bounds[at - 1] ?? -Infinity)))) {
      throw new Error(`metric ${name}: the bounds do not ascend`);
    }
    this.labels = labels;
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
    this.#bucketPrefixes = [...bounds, Infinity].map(
      (bound) => `${name}_bucket${labelText({ ...labels, le: sampleValue(bound) })} `,
    );
    this.#sumPrefix = `${name}_sum${labelText(labels)} `;
    this.#countPrefix = `${name}_count${labelText(labels)} `;
  }

  observe(seconds: number): void {
    if (!(seconds >= 0)) return;
    const bounds = this.#bounds;
    let at = 0;
    // Most durations are small, so the linear search is the short one.
    while (at < bounds.length && seconds > (bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum[0] = (this.#sum[0] as number) + seconds;
  }

  render(lines: string[]): void {
    let total = 0;
    for (const [at, prefix] of this.#bucketPrefixes.entries()) {
      total += this.#counts[at] as number;
      lines.push(prefix + sampleValue(total));
    }
    lines.push(this.#sumPrefix + sampleValue(this.#sum[0] as number), this.#countPrefix + sampleValue(total));
  }
}
