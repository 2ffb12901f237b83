import { HistogramSeries } from './histogram.ts';
import type { Histogram } from './histogram.ts';
import { escapedHelp, labelText, sampleValue } from './exposition-text.ts';
import type { Labels } from './exposition-text.ts';

/** A count that only rises. */
export interface Counter {
  /** Adds `n` (default 1); what is negative or not a number is ignored. */
  add(n?: number): void;
  readonly value: number;
}

type Type = 'counter' | 'gauge' | 'histogram';

interface Series {
  labels: Labels;
  /** Appends the lines of this series. */
  render(lines: string[]): void;
}

interface Family {
  name: string;
  help: string;
  type: Type;
  series: Map<string, Series>;
}

class CounterSeries implements Counter, Series {
  value = 0;
  readonly labels: Labels;
  readonly #prefix: string;

  constructor(labels: Labels, prefix: string) {
    this.labels = labels;
    this.#prefix = prefix;
  }

  add(n = 1): void {
    if (n > 0) this.value += n;
  }

  render(lines: string[]): void {
    lines.push(this.#prefix + sampleValue(this.value));
  }
}

/** A value that is asked for when it is rendered. */
class ReadSeries implements Series {
  readonly labels: Labels;
  read: () => number;
  readonly #prefix: string;

  constructor(labels: Labels, prefix: string, read: () => number) {
    this.labels = labels;
    this.#prefix = prefix;
    this.read = read;
  }

  render(lines: string[]): void {
    let value = Number.NaN;
    try {
      value = this.read();
    } catch {
      // One reader that fails must not cost all other metrics.
    }
    lines.push(this.#prefix + sampleValue(value));
  }
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * Metrics by name and labels, rendered in the Prometheus text format 0.0.4. Handles are bound once and then cost an addition: the
 * hot path looks nothing up. Asking for the same name and labels again gives the same handle.
 */
export class MetricsRegistry {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: Labels = {}): Counter {
    return this.#bind({ name, help, type: 'counter', labels }, (prefix) => new CounterSeries(labels, prefix));
  }

  /** A counter that is kept elsewhere and read when rendered. */
  counterFrom(name: string, help: string, labels: Labels, read: () => number): void {
    this.#bind({ name, help, type: 'counter', labels }, (prefix) => new ReadSeries(labels, prefix, read)).read = read;
  }

  /** A value that is read when rendered; asked for again, the newer `read` holds. One that throws is rendered as NaN. */
  gauge(name: string, help: string, labels: Labels, read: () => number): void {
    this.#bind({ name, help, type: 'gauge', labels }, (prefix) => new ReadSeries(labels, prefix, read)).read = read;
  }

  /** `bounds`: upper bounds of the buckets (s), ascending, without +Inf. Default: 1 ms to 10 s. */
  histogram(name: string, help: string, labels: Labels, bounds?: readonly number[]): Histogram {
    if ('le' in labels) throw new Error(`metric ${name}: a histogram has no label "le" of its own`);
    return this.#bind({ name, help, type: 'histogram', labels }, () => new HistogramSeries({ name, labels, bounds }));
  }

  /** Drops every series that has this label with this value, such as those of a route that is gone. Their handles count on unseen. */
  removeSeries(label: string, value: string): void {
    for (const { series } of this.#families.values()) {
      for (const [key, { labels }] of series) {
        if (labels[label] === value) series.delete(key);
      }
    }
  }

  /** Drops the series of one metric that have such labels. Their handles count on unseen. */
  removeFrom(name: string, isGone: (labels: Labels) => boolean): void {
    const series = this.#families.get(name)?.series ?? new Map<string, Series>();
    for (const [key, { labels }] of series) {
      if (isGone(labels)) series.delete(key);
    }
  }

  /** All metrics as text; families without a series are left out. */
  render(): string {
    const lines: string[] = [];
    for (const { name, help, type, series } of this.#families.values()) {
      if (series.size === 0) continue;
      lines.push(`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${type}`);
      for (const one of series.values()) one.render(lines);
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  /** @throws Error when a name is invalid, or already that of another type: a mistake in the program. */
  #bind<S extends Series>(what: Omit<Family, 'series'> & { labels: Labels }, make: (prefix: string) => S): S {
    const { name, help, type, labels } = what;
    let family = this.#families.get(name);
    if (family === undefined) {
      if (!metricName.test(name)) throw new Error(`"${name}" is not the name of a metric`);
      family = { name, help, type, series: new Map() };
      this.#families.set(name, family);
    }
    if (family.type !== type) throw new Error(`metric ${name} is a ${family.type}, not a ${type}`);
    const key = labelText(
      Object.fromEntries(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    );
    let series = family.series.get(key) as S | undefined;
    if (series === undefined) {
      series = make(`${name}${labelText(labels)} `);
      family.series.set(key, series);
    }
    return series;
  }
}
