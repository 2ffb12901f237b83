/** Fifth pass: flags by key, and gates that no flag answers. */
import { parseDuration } from '../duration.ts';
import type { FlagDefinitionSpec } from '../flag-definition.ts';
import type { FlagsSpec } from '../flag-set.ts';
import { resolveRefs, unknownOperators } from '../flag-targeting.ts';
import type { FlagContext, FlagDefinition, RouteSettings, Snapshot } from '../snapshot.ts';

/** What a snapshot says of flags. */
export type FlagContent = Pick<Snapshot, 'flags' | 'flagDefinitions' | 'flagContext'>;

/** All flags, lowest rank first in `sets`: the highest that names a flag decides it. */
export function settleFlags(sets: readonly FlagsSpec[]): { content: FlagContent; warnings: string[] } {
  const merged = new Map(sets.flatMap((set) => settledFlags(set)));
  const sorted = [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const definitions = sorted.filter((entry): entry is [string, FlagDefinition] => typeof entry[1] !== 'boolean');
  const context = mergeContexts(sets);
  return {
    content: {
      flags: Object.fromEntries(sorted.map(([key, flag]) => [key, typeof flag === 'boolean' ? flag : defaultOf(flag)])),
      ...(definitions.length > 0 && { flagDefinitions: Object.fromEntries(definitions) }),
      ...(context !== null && { flagContext: context }),
    },
    warnings: definitions.flatMap(([key, { targeting }]) =>
      unknownOperators(targeting).map(
        (operator) =>
          `the targeting of the flag ${key} has the unknown operator ${JSON.stringify(operator)}: its evaluation fails`,
      ),
    ),
  };
}

function settledFlags({ flags = {}, $evaluators = {} }: FlagsSpec): [string, boolean | FlagDefinition][] {
  return Object.entries(flags).map(([key, flag]) => [
    key,
    typeof flag === 'boolean' ? flag : definitionOf(flag, $evaluators),
  ]);
}

function definitionOf(spec: FlagDefinitionSpec, evaluators: Record<string, unknown>): FlagDefinition {
  const { state, variants, defaultVariant, targeting = null, metadata = {}, offWhile } = spec;
  const resolved = resolveRefs(targeting, evaluators);
  return {
    state,
    variants,
    defaultVariant: defaultVariant === undefined || defaultVariant === '' ? null : defaultVariant,
    targeting: 'rule' in resolved ? resolved.rule : null,
    metadata: metadata as FlagDefinition['metadata'],
    offWhile:
      offWhile === undefined
        ? null
        : {
            circuit: offWhile.circuitOpen,
            forMs: durationMs(offWhile.for),
            recoverAfterMs: durationMs(offWhile.recoverAfter),
          },
  };
}

const durationMs = (text: string | undefined): number => (text === undefined ? 0 : (parseDuration(text) ?? 0));

/** The nearest thing to a definition that is true or false. */
const defaultOf = ({ state, variants, defaultVariant }: FlagDefinition): boolean =>
  state === 'ENABLED' && defaultVariant !== null && variants[defaultVariant] === true;

function mergeContexts(sets: readonly FlagsSpec[]): FlagContext | null {
  const contexts = sets.flatMap(({ context }) => (context === undefined ? [] : [context]));
  if (contexts.length === 0) return null;
  const names = contexts.flatMap(({ headers = {} }) => Object.entries(headers));
  const headers = new Map(names.map(([header, name]) => [header.toLowerCase(), name]));
  return {
    headers: Object.fromEntries([...headers].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    pathParameters: contexts.findLast(({ pathParameters }) => pathParameters !== undefined)?.pathParameters ?? false,
  };
}

/** A warning for each gate whose flag nobody defines: it reads false, so the route is shut. */
export function gateWarnings(routes: readonly RouteSettings[], flags: Readonly<Record<string, boolean>>): string[] {
  return routes
    .filter(({ flag }) => flag !== null && !Object.hasOwn(flags, flag))
    .map(
      ({ name, flag }) => `the route ${name} is gated by the unknown flag ${flag}, which reads false: it answers 404`,
    );
}

/** A warning for each route that waits for what its flag never is. */
export function whenWarnings(
  routes: readonly RouteSettings[],
  { flags, flagDefinitions = {} }: Pick<FlagContent, 'flags' | 'flagDefinitions'>,
): string[] {
  return routes.flatMap(({ name, when }) => {
    if (when === undefined) return [];
    const { flag, variant } = when;
    if (!Object.hasOwn(flags, flag))
      return [`the route ${name} waits for the unknown flag ${flag}: it is never chosen`];
    const variants = Object.hasOwn(flagDefinitions, flag) ? flagDefinitions[flag]!.variants : BOOLEAN_VARIANTS;
    if (variant === null ? Object.values(variants).includes(true) : Object.hasOwn(variants, variant)) return [];
    const wanted = variant === null ? 'value true' : `variant ${JSON.stringify(variant)}`;
    return [`the route ${name} waits for a ${wanted}, which the flag ${flag} never has: it is never chosen`];
  });
}

/** As evaluations of flags without a definition name them. */
const BOOLEAN_VARIANTS = { on: true, off: false };

/** A warning for each flag that follows a circuit which is not there. */
export function circuitWarnings({ flagDefinitions = {} }: FlagContent, routes: readonly RouteSettings[]): string[] {
  const known = new Set(routes.map(({ name }) => `inbound/${name}`));
  return Object.entries(flagDefinitions)
    .filter(([, { offWhile }]) => offWhile !== null && !known.has(offWhile.circuit))
    .map(([key, { offWhile }]) => `the flag ${key} follows the circuit ${offWhile?.circuit}, which no route has`);
}
