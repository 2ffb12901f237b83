/** What the operator tells in the `status` of every kind of ours. Only it writes there, so nothing is checked twice. */
import Type, { type Static } from 'typebox';
import { CONDITION_TYPES } from './names.ts';
import { Choice } from './schema.ts';

const Condition = Type.Object(
  {
    type: Choice(CONDITION_TYPES, {
      description:
        'Accepted: the settings are valid and in force. Programmed: every ready pod obeys them. Degraded: something weakens them.',
    }),
    status: Choice(['True', 'False', 'Unknown'], { description: 'Does it hold?' }),
    observedGeneration: Type.Optional(
      Type.Integer({ description: 'The metadata.generation that this speaks of.', minimum: 0 }),
    ),
    lastTransitionTime: Type.String({ description: 'When status last changed.', format: 'date-time' }),
    reason: Type.String({ description: 'Why, in one word for programs.', maxLength: 1024 }),
    message: Type.String({ description: 'Why, in words for people.', maxLength: 32_768 }),
  },
  { additionalProperties: false },
);

const Pods = Type.Object(
  {
    matched: Type.Integer({ description: 'Pods that these settings are for.', minimum: 0 }),
    programmed: Type.Integer({ description: 'Pods whose sidecar obeys the present settings.', minimum: 0 }),
    rejected: Type.Integer({ description: 'Pods whose sidecar refused the present settings.', minimum: 0 }),
  },
  { additionalProperties: false, description: 'Pods, counted.' },
);

const statusFields = {
  conditions: Type.Optional(
    Type.Array(Condition, { description: 'Accepted, Programmed and Degraded.', maxItems: 16, mapKey: 'type' }),
  ),
  pods: Type.Optional(Pods),
  programmed: Type.Optional(Type.String({ description: 'Pods that obey, of those that should: 2/2.', maxLength: 64 })),
  openCircuits: Type.Optional(
    Type.String({ description: 'Routes whose circuit is open somewhere, by comma.', maxLength: 4096 }),
  ),
  version: Type.Optional(
    Type.String({ description: 'Digest of the settings that were made of this object.', maxLength: 128 }),
  ),
  propagationMs: Type.Optional(
    Type.Number({ description: 'From the change of the object until the last pod obeyed (ms).', minimum: 0 }),
  ),
};

/** The `status` of ResiliencePolicy, FeatureFlagSet and SidecarProfile. */
export const ObjectStatus = Type.Object(statusFields, {
  additionalProperties: false,
  description: 'What became of it, written by the operator.',
});
export type ObjectStatus = Static<typeof ObjectStatus>;
export type Condition = Static<typeof Condition>;

/** The `status` of a LiveConfig. */
export const LiveConfigStatus = Type.Object(
  {
    ...statusFields,
    observedResourceVersion: Type.Optional(
      Type.String({
        description: 'The metadata.resourceVersion of the ConfigMap that this speaks of.',
        maxLength: 256,
      }),
    ),
  },
  { additionalProperties: false, description: 'What became of the ConfigMap, written by the operator.' },
);
export type LiveConfigStatus = Static<typeof LiveConfigStatus>;
