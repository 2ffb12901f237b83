/** One flag in full, in the format of flagd (https://flagd.dev/schema/v0/flags.json), and what we add to it. */
import Type, { type Static } from 'typebox';
import { type Breach, Choice, Duration, type Form, Free, Text } from './schema.ts';

const ROUTE = /^inbound\/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const circuit: Form = (text) => {
  if (ROUTE.test(text)) return null;
  if (text.startsWith('outbound/')) return 'names an outbound circuit: not in this version';
  return 'names no circuit (like inbound/user)';
};

const OffWhile = Type.Object(
  {
    circuitOpen: Text(circuit, { description: 'The circuit: inbound/ and the name of a route.', maxLength: 128 }),
    for: Type.Optional(
      Duration({
        description: 'How long the circuit has been open before the flag goes off.',
        builtIn: '0s',
        minimumMs: 0,
      }),
    ),
    recoverAfter: Type.Optional(
      Duration({
        description: "How long the flag stays off after the circuit's wait is over.",
        builtIn: '0s',
        minimumMs: 0,
      }),
    ),
  },
  { additionalProperties: false, description: 'Turns a boolean flag off while a circuit is open.' },
);

/** What a variant may be called. */
export const variantName: Form = Object.assign((text: string) => (text === '' ? 'is empty' : null), {
  cel: [{ rule: "self != ''", message: 'is empty' }],
});

/** `true`, `false`, or a definition. */
export const FlagDefinitionSpec = Type.Object(
  {
    state: Choice(['ENABLED', 'DISABLED'], {
      description: "DISABLED: everybody gets the default that stands in the caller's code.",
    }),
    variants: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description: 'Values by name, all of one type: boolean, text, number or object.',
      additionalProperties: Free({ description: 'A value.' }),
      keyForm: variantName,
      maxProperties: 1_000,
    }),
    defaultVariant: Type.Optional(
      Type.Unsafe<string>({
        ...Text(() => null, { description: "Name of a variant. Nothing: the caller's own default.", maxLength: 1_024 }),
        nullable: true,
      }),
    ),
    targeting: Type.Optional(
      Free({ description: 'A rule (JSON Logic, with the operators of flagd) that names a variant.' }),
    ),
    metadata: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        description: 'What evaluations tell of the flag: texts, numbers and booleans by name.',
        additionalProperties: Free({ description: 'A text, a number or a boolean.' }),
        maxProperties: 64,
      }),
    ),
    offWhile: Type.Optional(OffWhile),
  },
  {
    additionalProperties: false,
    orBoolean: true,
    rule: { across: ['variants', 'defaultVariant', 'targeting', 'metadata', 'offWhile'], check: isWhole, cel: [] },
  },
);
export type FlagDefinitionSpec = Static<typeof FlagDefinitionSpec>;

type Loose = Partial<FlagDefinitionSpec>;

/** What flagd would not load, so that nothing of the document would be in force. */
function isWhole({ variants, defaultVariant, targeting, metadata = {}, offWhile }: Loose): Breach[] {
  if (variants === undefined) return [];
  const breaches: Breach[] = [];
  const [first, ...others] = Object.entries(variants);
  if (first === undefined) breaches.push({ path: ['variants'], message: 'is empty: write at least one variant' });
  else {
    for (const [name, value] of [first, ...others]) {
      if (kindOf(value) === null) {
        breaches.push({ path: ['variants', name], message: 'is not a boolean, a text, a number or an object' });
      } else if (kindOf(value) !== kindOf(first[1])) {
        const message = `is ${kindOf(value)}, and ${JSON.stringify(first[0])} is ${kindOf(first[1])}: variants have one type`;
        breaches.push({ path: ['variants', name], message });
      }
    }
  }
  if (defaultVariant !== undefined && defaultVariant !== '' && !Object.hasOwn(variants, defaultVariant)) {
    const known = Object.keys(variants).slice(0, 10).join(', ');
    const message = `${JSON.stringify(defaultVariant)} is not one of the variants: ${known}`;
    breaches.push({ path: ['defaultVariant'], message });
  }
  if (targeting !== undefined && targeting !== null && kindOf(targeting) !== 'an object') {
    breaches.push({ path: ['targeting'], message: 'is not a rule: write an object with one operator' });
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (kindOf(value) !== null && kindOf(value) !== 'an object') continue;
    breaches.push({ path: ['metadata', name], message: 'is not a text, a number or a boolean' });
  }
  if (offWhile !== undefined && !Object.values(variants).includes(false)) {
    breaches.push({ path: ['offWhile'], message: 'needs a variant whose value is false, to turn the flag off' });
  }
  return breaches;
}

function kindOf(value: unknown): 'a boolean' | 'a text' | 'a number' | 'an object' | null {
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : null;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? 'an object' : null;
}
