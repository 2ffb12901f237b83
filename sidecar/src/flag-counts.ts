/** How evaluations of flags are counted: by who asked, by reason and by variant. */
import type { Counter } from '@fusebox/runtime/metrics.ts';
import type { Evaluation } from './rules/evaluation.ts';

/** Who asked: the gate of a route, the `when` of a route, or the service itself. */
export type FlagSource = 'gate' | 'when' | 'ofrep';

type Outcome = Pick<Evaluation, 'reason' | 'variant'>;

/** Where the counts are kept. */
export interface FlagMetrics {
  /** The count of one outcome; `flag` null: of all flags that nobody defines. Its number is bounded: the rest shares one. */
  counter(flag: string | null, source: FlagSource, outcome: Outcome): Pick<Counter, 'add'>;
  /** Drops the counts of flags (`variantsOf` gives null) and of variants that are no more. */
  keep(variantsOf: (flag: string) => ReadonlySet<string> | null): void;
}

/** Counts the outcomes of one flag asked from one side. An outcome that comes again costs an addition. */
export class FlagTally {
  private readonly bind: (outcome: Outcome) => Pick<Counter, 'add'>;
  private readonly bound = new Map<string | null, Map<string, Pick<Counter, 'add'>>>();
  private reason = '';
  private variant: string | null = null;
  private last: Pick<Counter, 'add'> | null = null;

  constructor(bind: (outcome: Outcome) => Pick<Counter, 'add'>) {
    this.bind = bind;
  }

  count(outcome: Outcome): void {
    if (this.last === null || outcome.reason !== this.reason || outcome.variant !== this.variant) {
      this.last = this.find(outcome);
      this.reason = outcome.reason;
      this.variant = outcome.variant;
    }
    this.last.add();
  }

  private find(outcome: Outcome): Pick<Counter, 'add'> {
    const { reason, variant } = outcome;
    let byReason = this.bound.get(variant);
    if (byReason === undefined) this.bound.set(variant, (byReason = new Map()));
    let counter = byReason.get(reason);
    if (counter === undefined) byReason.set(reason, (counter = this.bind(outcome)));
    return counter;
  }
}
