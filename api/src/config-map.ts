import Type, { type Static } from 'typebox';

import { type Form, Text } from './schema.ts';
import { CONFIG_LABEL, TARGET_ANNOTATION } from './names.ts';
import { ObjectMetadata } from './object-metadata.ts';
import { parseWorkloadRef } from './workload-ref.ts';

/** Keys of a labelled ConfigMap that hold settings; every other key is live configuration for the service. */
export const POLICY_KEY = 'policy.yaml';
export const FLAGS_KEY = 'flags.yaml';

const target: Form = (text) => (parseWorkloadRef(text) === null ? 'names no workload (like deployment/users)' : null);

/** A ConfigMap as the API server has it; only its label decides whether we read it. */
export const ConfigMapObject = Type.Object(
  {
    apiVersion: Type.Unknown(),
    kind: Type.Unknown(),
    metadata: ObjectMetadata,
    data: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: Text(() => null, { description: 'A setting.', maxLength: 1_048_576 }),
      }),
    ),
    binaryData: Type.Optional(Type.Unknown()),
    immutable: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false, rule: { across: ['metadata'], check: targetIsWorkload, cel: [] } },
);
export type ConfigMapObject = Static<typeof ConfigMapObject>;

function targetIsWorkload(object: { metadata: ObjectMetadata }) {
  const text = object.metadata.annotations?.[TARGET_ANNOTATION];
  const complaint = text === undefined ? null : target(text);
  if (complaint === null) return [];
  return [{ path: ['metadata', 'annotations', TARGET_ANNOTATION], message: `${JSON.stringify(text)} ${complaint}` }];
}

/** Does the label of this object, whatever it is, ask us to read it? A label that is no text is a mistake to report. */
export function isLabelled(value: object): boolean {
  const metadata = 'metadata' in value ? value.metadata : null;
  const labels = typeof metadata === 'object' && metadata !== null && 'labels' in metadata ? metadata.labels : null;
  if (typeof labels !== 'object' || labels === null || !Object.hasOwn(labels, CONFIG_LABEL)) return false;
  const label = (labels as Record<string, unknown>)[CONFIG_LABEL];
  return label === 'true' || typeof label === 'boolean';
}
