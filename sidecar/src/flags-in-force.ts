import { digestOf } from '@fusebox/api/digest.ts';
import type { FlagContext, FlagDefinition, Snapshot } from '@fusebox/api/snapshot.ts';
import type { Exchange } from './exchange.ts';
import type { RouteState } from './route-state.ts';
import { fixed, notFound, type Evaluate, type Evaluation, type EvaluationContext } from './rules/evaluation.ts';
import { isOff, nextChangeMs } from './rules/off-while.ts';
import { pathParameters } from './rules/path-parameters.ts';

/** Loaded once some flag has a definition, and kept. */
let compileDefinition: ((key: string, definition: FlagDefinition) => Evaluate) | null = null;

/** What this snapshot needs to be loaded before it can be put in force; null: nothing. */
export function prepareFlags({ flagDefinitions }: Pick<Snapshot, 'flagDefinitions'>): Promise<void> | null {
  if (flagDefinitions === undefined || compileDefinition !== null) return null;
  return import('./rules/flag-rules.ts').then((rules) => {
    compileDefinition = rules.compileDefinition;
  });
}

interface DefinedFlag {
  definition: FlagDefinition;
  /** The definition as text: what has not changed is not compiled again. */
  text: string;
  evaluate: Evaluate;
}

const ON = fixed(true);
const OFF = fixed(false);

/** The flags of the snapshot in force. They are swapped together, so two that were edited together are never seen mixed. */
export class FlagsInForce {
  /** Flags that are the same for everybody. */
  simple: Readonly<Record<string, boolean>> = {};
  private defined: ReadonlyMap<string, DefinedFlag> = new Map();
  private context: FlagContext | null = null;
  private content: unknown = {};
  private contentDigest: string | null = null;
  private readonly routeNamed: (name: string) => RouteState | undefined;

  /** `routeNamed`: whose circuit a flag may follow. */
  constructor(routeNamed: (name: string) => RouteState | undefined) {
    this.routeNamed = routeNamed;
  }

  /** @throws Error when `prepareFlags` has not been waited for; then nothing has changed. */
  apply({
    flags,
    flagDefinitions = {},
    flagContext,
  }: Pick<Snapshot, 'flags' | 'flagDefinitions' | 'flagContext'>): void {
    const defined = new Map<string, DefinedFlag>();
    for (const [key, definition] of Object.entries(flagDefinitions)) {
      if (compileDefinition === null) throw new Error('flag definitions came before what evaluates them');
      const text = JSON.stringify(definition);
      const before = this.defined.get(key);
      const same = before !== undefined && before.text === text;
      defined.set(key, same ? before : { definition, text, evaluate: compileDefinition(key, definition) });
    }
    this.simple = Object.fromEntries(Object.entries(flags).filter(([key]) => !defined.has(key)));
    this.defined = defined;
    this.content = { flags, flagDefinitions };
    this.contentDigest = null;
    this.context = flagContext ?? null;
  }

  /** Is this flag on for the request? Only `true` is. */
  isOn(key: string, exchange: Exchange): boolean {
    if (Object.hasOwn(this.simple, key)) return this.simple[key] === true;
    const flag = this.defined.get(key);
    if (flag === undefined) return false;
    return this.ask(flag, () => this.contextOf(exchange), exchange.nowMs).value === true;
  }

  /** What the flag is in this context at `nowMs` (monotonic). */
  evaluate(key: string, context: EvaluationContext, nowMs: number): Evaluation {
    if (Object.hasOwn(this.simple, key)) return this.simple[key] === true ? ON : OFF;
    const flag = this.defined.get(key);
    return flag === undefined ? notFound(key) : this.ask(flag, () => context, nowMs);
  }

  /** Every flag there is, in order. */
  keys(): string[] {
    return [...Object.keys(this.simple), ...this.defined.keys()].toSorted();
  }

  /** Changes whenever some flag may have: with its definition, and when it follows its circuit. */
  versionAt(nowMs: number): string {
    this.contentDigest ??= digestOf(this.content);
    const off = this.followers(nowMs).flatMap(({ key, isOff: turned }) => (turned ? [key] : []));
    return digestOf([this.contentDigest, off]).slice('sha256:'.length, 39);
  }

  /** Flags that follow a circuit: which one, whether they are off, and when that next changes by itself (null: not known). */
  followers(nowMs: number): { key: string; circuit: string; isOff: boolean; changesAtMs: number | null }[] {
    return [...this.defined].flatMap(
      ([
        key,
        {
          definition: { offWhile },
        },
      ]) => {
        if (offWhile === null) return [];
        const route = this.routeOf(offWhile.circuit);
        const known = route !== undefined;
        return [
          {
            key,
            circuit: offWhile.circuit,
            isOff: known && isOff(route, offWhile, nowMs),
            changesAtMs: known ? nextChangeMs(route, offWhile, nowMs) : null,
          },
        ];
      },
    );
  }

  private ask({ definition, evaluate }: DefinedFlag, context: () => EvaluationContext, nowMs: number): Evaluation {
    const { offWhile, state } = definition;
    if (offWhile !== null && state === 'ENABLED') {
      const route = this.routeOf(offWhile.circuit);
      if (route !== undefined && isOff(route, offWhile, nowMs)) return turnedOff(definition, offWhile.circuit);
    }
    return evaluate(context());
  }

  private routeOf(circuit: string): RouteState | undefined {
    const [direction, name] = circuit.split('/', 2);
    return direction === 'inbound' ? this.routeNamed(name!) : undefined;
  }

  private contextOf(exchange: Exchange): EvaluationContext {
    if (this.context === null) return {};
    const { headers, pathParameters: wanted } = this.context;
    const known = new Map<string, string>(
      wanted ? pathParameters(exchange.route.settings.match.path, exchange.path) : [],
    );
    for (const [header, name] of Object.entries(headers)) {
      const value = exchange.header(header);
      if (value !== null) known.set(name, value);
    }
    return Object.fromEntries(known);
  }
}

function turnedOff({ variants, metadata }: FlagDefinition, circuit: string): Evaluation {
  const off = Object.keys(variants).find((name) => variants[name] === false) ?? null;
  return { value: false, reason: 'CIRCUIT_OPEN', variant: off, error: null, metadata: { ...metadata, circuit } };
}
