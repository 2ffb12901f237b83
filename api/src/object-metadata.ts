import Type, { type Static } from 'typebox';

import { matching, Text } from './schema.ts';
import { Labels, objectName } from './target.ts';

const namespaceName = matching(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'is not a namespace (lower-case letters, digits and -)',
);
// The API server writes no other form; equal forms compare as texts.
const utcTime = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'is not a UTC time (like 2026-01-31T12:00:00Z)');

const anything = Type.Optional(Type.Unknown());

/** `metadata` of any object. What the API server keeps there for itself is let pass. */
export const ObjectMetadata = Type.Object(
  {
    name: Text(objectName, { description: 'Name, unique among its kind in the namespace.', maxLength: 253 }),
    namespace: Type.Optional(Text(namespaceName, { description: 'Namespace.', maxLength: 63 })),
    labels: Type.Optional(Labels),
    annotations: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: Text(() => null, { description: 'Value.', maxLength: 262_144 }),
      }),
    ),
    // Tools that print an object before it exists write `creationTimestamp: null`.
    creationTimestamp: Type.Optional(
      Type.String({ form: utcTime, nullable: true, description: 'Set by the API server.' }),
    ),
    generateName: anything,
    uid: anything,
    resourceVersion: anything,
    generation: anything,
    deletionTimestamp: anything,
    deletionGracePeriodSeconds: anything,
    ownerReferences: anything,
    finalizers: anything,
    managedFields: anything,
    selfLink: anything,
  },
  { additionalProperties: false },
);
export type ObjectMetadata = Static<typeof ObjectMetadata>;
