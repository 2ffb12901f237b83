/** The rules of a flag (JSON Logic, as flagd has it): shared parts are written out, and what flagd would fail on is found. */

/** A rule, or part of one. */
type Rule = unknown;

/** The operators of https://flagd.dev/schema/v0/targeting.json. */
const OPERATORS: ReadonlySet<string> = new Set(
  (
    '== === != !== > >= < <= % / * + - ! !! if and or in map filter all none some reduce merge cat substr var missing ' +
    'missing_some max min fractional starts_with ends_with sem_ver'
  ).split(' '),
);
const REF = '$ref';

/** A rule with all shared parts written out may hold this many values. */
const MAX_VALUES = 10_000;
/** And be nested this deep: whatever walks it recurses. */
const MAX_DEPTH = 128;
/** The values of shared parts, written out, in all rules of one document: a short document must not become a huge snapshot. */
export const MAX_SHARED_VALUES = 100_000;

/** A rule with its `{"$ref": name}` written out, or why that cannot be; and how many values (count) shared parts have brought until then. */
export type Resolved = { sharedValues: number } & ({ rule: Rule } | { fault: string });

/** Writes shared rules out where they are referred to, as flagd does. They may refer to each other, in no circle. */
export function resolveRefs(rule: Rule, evaluators: Readonly<Record<string, Rule>>): Resolved {
  let values = 0;
  let sharedValues = 0;
  const faults: string[] = [];
  const copy = (value: Rule, within: readonly string[], depth: number): Rule => {
    if (faults.length > 0) return null;
    if (++values > MAX_VALUES) faults.push(`is too large: it holds more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) faults.push(`is nested more than ${MAX_DEPTH} deep, with shared rules written out`);
    if (within.length > 0) sharedValues += 1;
    if (Array.isArray(value)) return value.map((item) => copy(item, within, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    const name = refOf(value);
    if (name === null) {
      return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copy(field, within, depth + 1)]));
    }
    if (!Object.hasOwn(evaluators, name)) faults.push(`refers to ${quoted(name)}, which is not among $evaluators`);
    else if (within.includes(name)) faults.push(`refers to ${quoted(name)}, which refers to itself`);
    else return copy(evaluators[name], [...within, name], depth + 1);
    return null;
  };
  const written = copy(rule, [], 1);
  return { sharedValues, ...(faults.length > 0 ? { fault: faults[0]! } : { rule: written }) };
}

/** Operators of a rule that flagd does not know: it fails when it evaluates them. Without `$ref`. */
export function unknownOperators(rule: Rule): string[] {
  const unknown = new Set<string>();
  const look = (value: Rule): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === 'object' && value !== null) {
      const [operator, ...more] = Object.keys(value);
      if (operator === undefined || more.length > 0) return;
      if (!OPERATORS.has(operator)) unknown.add(operator);
      look((value as Record<string, Rule>)[operator]);
    }
  };
  look(rule);
  return [...unknown].toSorted();
}

/** The name in `{"$ref": name}`; null: it is something else. */
function refOf(value: object): string | null {
  const name = (value as Record<string, unknown>)[REF];
  return typeof name === 'string' && Object.keys(value).length === 1 ? name : null;
}

const quoted = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}…` : name);
