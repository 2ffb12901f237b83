import { digestOf } from '@fusebox/api/digest.ts';
import type { FlagContext, FlagDefinition, RouteMatch, Snapshot } from '@fusebox/api/snapshot.ts';
import type { Exchange } from './exchange.ts';
import { FlagTally, type FlagMetrics, type FlagSource } from './flag-counts.ts';
import { FlagInForce } from './flag-in-force.ts';
import { contextOf } from './request-context.ts';
import type { RouteState } from './route-state.ts';
import { notFound, type Evaluate, type Evaluation, type EvaluationContext } from './rules/evaluation.ts';
import { isOff, nextChangeMs } from './rules/off-while.ts';

/** Loaded once some flag has a definition, and kept. */
let compileDefinition: ((key: string, definition: FlagDefinition) => Evaluate) | null = null;

/** What this snapshot needs to be loaded before it can be put in force; null: nothing. */
export function prepareFlags({ flagDefinitions }: Pick<Snapshot, 'flagDefinitions'>): Promise<void> | null {
  if (flagDefinitions === undefined || compileDefinition !== null) return null;
  return import('./rules/flag-rules.ts').then((rules) => {
    compileDefinition = rules.compileDefinition;
  });
}

const BOOLEAN_VARIANTS: ReadonlySet<string> = new Set(['on', 'off']);

/** The flags of the snapshot in force. They are swapped together, so two that were edited together are never seen mixed. */
export class FlagsInForce {
  private byKey: ReadonlyMap<string, FlagInForce> = new Map();
  private sortedKeys: readonly string[] = [];
  private context: FlagContext | null = null;
  private content: unknown = {};
  private contentDigest: string | null = null;
  private readonly routeNamed: (name: string) => RouteState | undefined;
  private readonly metrics: FlagMetrics;
  /** Of flags that the service asks for and nobody defines. */
  private readonly unknown: FlagTally;

  /** `routeNamed`: whose circuit a flag may follow. */
  constructor(routeNamed: (name: string) => RouteState | undefined, metrics: FlagMetrics) {
    this.routeNamed = routeNamed;
    this.metrics = metrics;
    this.unknown = new FlagTally((outcome) => metrics.counter(null, 'ofrep', outcome));
  }

  /** @throws Error when `prepareFlags` has not been waited for; then nothing has changed. */
  apply({
    flags,
    flagDefinitions = {},
    flagContext,
  }: Pick<Snapshot, 'flags' | 'flagDefinitions' | 'flagContext'>): void {
    const byKey = new Map<string, FlagInForce>();
    for (const [key, value] of Object.entries(flags)) {
      if (Object.hasOwn(flagDefinitions, key)) continue;
      const before = this.byKey.get(key);
      const same = before !== undefined && before.text === String(value);
      byKey.set(key, same ? before : FlagInForce.simple(key, value, this.metrics));
    }
    for (const [key, definition] of Object.entries(flagDefinitions)) byKey.set(key, this.flagOf(key, definition));
    this.byKey = byKey;
    this.sortedKeys = [...byKey.keys()].toSorted();
    this.content = { flags, flagDefinitions };
    this.contentDigest = null;
    this.context = flagContext ?? null;
    this.metrics.keep((key) => {
      const flag = byKey.get(key);
      if (flag === undefined) return null;
      return flag.definition === null ? BOOLEAN_VARIANTS : new Set(Object.keys(flag.definition.variants));
    });
  }

  /** The flag of this name, for whoever asks it again and again until the next settings. One that nobody defines is never on. */
  flag(key: string): FlagInForce {
    return this.byKey.get(key) ?? FlagInForce.unknown(key, this.metrics);
  }

  /** What a flag is for a request; `path` is what the request's path has matched. */
  forRequest(flag: FlagInForce, exchange: Exchange, path: RouteMatch['path'], source: FlagSource): Evaluation {
    const { nowMs } = exchange;
    const evaluation = flag.forEverybody(nowMs) ?? flag.inContext(contextOf(this.context, exchange, path), nowMs);
    flag.count(source, evaluation);
    exchange.evaluations?.push({ key: flag.key, evaluation, atMs: nowMs });
    return evaluation;
  }

  /** What the flag is for the service itself, in this context, at `nowMs` (monotonic). */
  evaluate(key: string, context: EvaluationContext, nowMs: number): Evaluation {
    const flag = this.byKey.get(key);
    const evaluation = flag === undefined ? notFound(key) : flag.inContext(context, nowMs);
    if (flag === undefined) this.unknown.count(evaluation);
    else flag.count('ofrep', evaluation);
    return evaluation;
  }

  /** Every flag there is, in order. */
  keys(): readonly string[] {
    return this.sortedKeys;
  }

  /** Changes whenever some flag may have: with its definition, and when it follows its circuit. */
  versionAt(nowMs: number): string {
    this.contentDigest ??= digestOf(this.content);
    const off = this.followers(nowMs).flatMap(({ key, isOff: turned }) => (turned ? [key] : []));
    return digestOf([this.contentDigest, off]).slice('sha256:'.length, 39);
  }

  /** Flags that follow a circuit: which one, whether they are off, and when that next changes by itself (null: not known). */
  followers(nowMs: number): { key: string; circuit: string; isOff: boolean; changesAtMs: number | null }[] {
    return [...this.byKey.values()].flatMap(({ key, definition }) => {
      const rule = definition?.offWhile ?? null;
      if (rule === null) return [];
      const route = this.routeOf(rule.circuit);
      const changesAtMs = route === undefined ? null : nextChangeMs(route, rule, nowMs);
      return [{ key, circuit: rule.circuit, isOff: this.isOffWithCircuit(key, nowMs), changesAtMs }];
    });
  }

  /** Is this flag off because of its circuit? */
  isOffWithCircuit(key: string, nowMs: number): boolean {
    const rule = this.byKey.get(key)?.definition?.offWhile ?? null;
    const route = rule === null ? undefined : this.routeOf(rule.circuit);
    return rule !== null && route !== undefined && isOff(route, rule, nowMs);
  }

  private flagOf(key: string, definition: FlagDefinition): FlagInForce {
    if (compileDefinition === null) throw new Error('flag definitions came before what evaluates them');
    const text = JSON.stringify(definition);
    const before = this.byKey.get(key);
    if (before !== undefined && before.text === text) return before;
    const { offWhile } = definition;
    return FlagInForce.defined(key, compileDefinition(key, definition), {
      definition,
      text,
      metrics: this.metrics,
      circuit: () => (offWhile === null ? undefined : this.routeOf(offWhile.circuit)),
    });
  }

  private routeOf(circuit: string): RouteState | undefined {
    const [direction, name] = circuit.split('/', 2);
    return direction === 'inbound' ? this.routeNamed(name!) : undefined;
  }
}
