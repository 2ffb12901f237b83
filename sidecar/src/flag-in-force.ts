import type { FlagDefinition } from '@fusebox/api/snapshot.ts';
import { FlagTally, type FlagMetrics, type FlagSource } from './flag-counts.ts';
import { fixed, notFound, type Evaluate, type Evaluation, type EvaluationContext } from './rules/evaluation.ts';
import { isOff, type FollowedCircuit } from './rules/off-while.ts';

/** One flag, ready to be asked, with the counts of its answers. It lives as long as its definition stays the same. */
export class FlagInForce {
  readonly key: string;
  /** null: `true` or `false` for everybody, or a flag that nobody defines. */
  readonly definition: FlagDefinition | null;
  /** What it is, as text: what has not changed is not made again. */
  readonly text: string;
  private readonly evaluate: Evaluate;
  /** Its answer to everybody, where that is known beforehand. */
  private readonly constant: Evaluation | null;
  private readonly circuit: () => FollowedCircuit | undefined;
  private readonly tallies: Record<FlagSource, FlagTally | null> = { gate: null, when: null, ofrep: null };
  private readonly newTally: (source: FlagSource) => FlagTally;

  private constructor(key: string, answer: Evaluation | Evaluate, parts: FlagParts) {
    this.key = key;
    this.definition = parts.definition;
    this.text = parts.text;
    this.constant = typeof answer === 'function' ? null : { ...answer, lasts: true };
    this.evaluate = typeof answer === 'function' ? answer : () => answer;
    this.circuit = parts.circuit;
    this.newTally = (source) =>
      new FlagTally((outcome) => parts.metrics.counter(parts.isKnown ? key : null, source, outcome));
  }

  static simple(key: string, value: boolean, metrics: FlagMetrics): FlagInForce {
    return new FlagInForce(key, fixed(value), { ...CONTEXT_FREE, text: String(value), metrics, isKnown: true });
  }

  /** A flag that nobody defines. */
  static unknown(key: string, metrics: FlagMetrics): FlagInForce {
    return new FlagInForce(key, notFound(key), { ...CONTEXT_FREE, text: '', metrics, isKnown: false });
  }

  /** `evaluate` is the definition made ready. */
  static defined(key: string, evaluate: Evaluate, parts: Omit<FlagParts, 'isKnown'>): FlagInForce {
    // Without a rule, whoever asks gets the same.
    const answer = parts.definition?.targeting === null ? evaluate({}) : evaluate;
    return new FlagInForce(key, answer, { ...parts, isKnown: true });
  }

  /** What it is for everybody at `nowMs` (monotonic): known beforehand, or off because of its circuit. null: it depends on the context. */
  forEverybody(nowMs: number): Evaluation | null {
    return this.turnedOff(nowMs) ?? this.constant;
  }

  /** What it is in this context at `nowMs` (monotonic). Never throws. */
  inContext(context: EvaluationContext, nowMs: number): Evaluation {
    return this.forEverybody(nowMs) ?? this.evaluate(context);
  }

  count(source: FlagSource, evaluation: Evaluation): void {
    (this.tallies[source] ??= this.newTally(source)).count(evaluation);
  }

  private turnedOff(nowMs: number): Evaluation | null {
    const { definition } = this;
    if (definition === null || definition.offWhile === null || definition.state !== 'ENABLED') return null;
    const followed = this.circuit();
    if (followed === undefined || !isOff(followed, definition.offWhile, nowMs)) return null;
    const { variants, metadata, offWhile } = definition;
    const off = Object.keys(variants).find((name) => variants[name] === false) ?? null;
    return {
      value: false,
      reason: 'CIRCUIT_OPEN',
      variant: off,
      error: null,
      metadata: { ...metadata, circuit: offWhile.circuit },
    };
  }
}

/** What a flag is made of. */
interface FlagParts {
  definition: FlagDefinition | null;
  text: string;
  metrics: FlagMetrics;
  /** The circuit that it follows. */
  circuit: () => FollowedCircuit | undefined;
  isKnown: boolean;
}

const CONTEXT_FREE = { definition: null, circuit: () => undefined };
