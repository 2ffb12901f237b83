import Type, { type Static } from 'typebox';
import { FlagDefinitionSpec } from './flag-definition.ts';
import { MAX_SHARED_VALUES, resolveRefs } from './flag-targeting.ts';
import { headerName } from './header-forms.ts';
import { Block, type Breach, type Form, Free, matching, type Rule, Text } from './schema.ts';
import { Targeted } from './target.ts';

/** A flag's key, as people and SDKs write it. */
export const flagKey: Form = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/,
  'is not a flag key (a letter or digit, then letters, digits, _ . and -, at most 128 characters)',
);

const contextKey = matching(
  /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/,
  'is not a name in a context (a letter or _, then letters, digits, _ . and -)',
);

const fields = {
  flags: Type.Optional(
    Type.Unsafe<Record<string, boolean | FlagDefinitionSpec>>({
      type: 'object',
      description: 'Flags by key: true, false or a definition. They are merged by key with those of other documents.',
      additionalProperties: FlagDefinitionSpec,
      keyForm: flagKey,
      maxProperties: 10_000,
    }),
  ),
  $evaluators: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description: 'Rules by name that the flags of this document share: {"$ref": name} in a targeting stands for one.',
      additionalProperties: Free({ description: 'A rule.' }),
      maxProperties: 1_000,
    }),
  ),
  context: Type.Optional(
    Block(
      {
        headers: Type.Unsafe<Record<string, string>>({
          type: 'object',
          description: 'Header → its name in the context. targetingKey is what fractional goes by.',
          additionalProperties: Text(contextKey, { description: 'A name in the context.', maxLength: 128 }),
          keyForm: headerName,
          maxProperties: 64,
        }),
        pathParameters: Type.Boolean({ description: 'The parameters of the path, by their names.', builtIn: 'false' }),
      },
      {
        description: 'What the gate of a route knows of a request. Never its body.',
        rule: { across: ['headers'], check: headerTwins, cel: [] },
      },
    ),
  ),
};

const refsResolve: Rule = { across: ['flags', '$evaluators'], check: refFaults, cel: [] };

/** `flags.yaml` of a labelled ConfigMap: whom it is for stands in the ConfigMap's annotation. */
export const ConfigMapFlags = Type.Object(fields, {
  additionalProperties: false,
  refused: annotationAims(),
  moreRules: [refsResolve],
});
export type FlagsSpec = Static<typeof ConfigMapFlags>;

/** The `spec` of a FeatureFlagSet. */
export const FeatureFlagSetSpec = Targeted(fields, { description: 'Feature flags.', moreRules: [refsResolve] });
export type FeatureFlagSetSpec = Static<typeof FeatureFlagSetSpec>;

/** In a ConfigMap the annotation says whom it is for. */
export function annotationAims(): Record<string, string> {
  const why = 'does not belong in a ConfigMap: its annotation fusebox.dev/target names the workload';
  return { targetRefs: why, selector: why };
}

function refFaults({ flags = {}, $evaluators = {} }: FlagsSpec): Breach[] {
  const breaches: Breach[] = [];
  let sharedValues = 0;
  for (const [key, flag] of Object.entries(flags)) {
    if (typeof flag === 'boolean' || flag.targeting === undefined) continue;
    const resolved = resolveRefs(flag.targeting, $evaluators);
    if ('fault' in resolved) breaches.push({ path: ['flags', key, 'targeting'], message: resolved.fault });
    sharedValues += resolved.sharedValues;
    if (sharedValues <= MAX_SHARED_VALUES) continue;
    const message = `are too large: written out where flags refer to them, they hold more than ${MAX_SHARED_VALUES} values`;
    return [...breaches, { path: ['$evaluators'], message }];
  }
  return breaches;
}

/** Headers have no case: two spellings of one would leave it to chance which name it gets. */
function headerTwins({ headers = {} }: { headers?: Record<string, string> }): Breach[] {
  const names = Object.keys(headers);
  return names.flatMap((name, at): Breach[] => {
    const first = names.slice(0, at).find((other) => other.toLowerCase() === name.toLowerCase());
    return first === undefined ? [] : [{ path: ['headers', name], message: `is the header ${first} already` }];
  });
}
