import Type, { type Static } from 'typebox';
import { type Form, matching, NOT_YET } from './schema.ts';
import { Targeted } from './target.ts';

/** A flag's key, as people and SDKs write it. */
export const flagKey: Form = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/,
  'is not a flag key (a letter or digit, then letters, digits, _ . and -, at most 128 characters)',
);

const Flag = Type.Boolean({
  description: 'On or off for everybody.',
  objectMessage:
    'a full flag definition (state, variants, targeting) is not supported in this version; write true or false',
});

const flags = Type.Unsafe<Record<string, boolean>>({
  type: 'object',
  description: 'Flags by key. They are merged by key with those of other documents.',
  additionalProperties: Flag,
  keyForm: flagKey,
  maxProperties: 10_000,
});

const refused = { context: NOT_YET };

/** `flags.yaml` of a labelled ConfigMap: whom it is for stands in the ConfigMap's annotation. */
export const ConfigMapFlags = Type.Object(
  { flags: Type.Optional(flags) },
  {
    additionalProperties: false,
    refused: { ...refused, ...annotationAims() },
  },
);
export type FlagsSpec = Static<typeof ConfigMapFlags>;

/** The `spec` of a FeatureFlagSet. */
export const FeatureFlagSetSpec = Targeted({ flags: Type.Optional(flags) }, { description: 'Feature flags.', refused });
export type FeatureFlagSetSpec = Static<typeof FeatureFlagSetSpec>;

/** In a ConfigMap the annotation says whom it is for. */
export function annotationAims(): Record<string, string> {
  const why = 'does not belong in a ConfigMap: its annotation fusebox.dev/target names the workload';
  return { targetRefs: why, selector: why };
}
