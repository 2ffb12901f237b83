import Type, { type Static } from 'typebox';
import { Text } from './schema.ts';
import { objectName } from './target.ts';

/**
 * The `spec` of a LiveConfig: the operator keeps one, owned and named alike, for each labelled ConfigMap, and says in its
 * status what became of the ConfigMap, which has no status of its own.
 */
export const LiveConfigSpec = Type.Object(
  { configMap: Text(objectName, { description: 'Name of the ConfigMap, in the same namespace.', maxLength: 253 }) },
  { additionalProperties: false, description: 'Which ConfigMap this speaks for.' },
);
export type LiveConfigSpec = Static<typeof LiveConfigSpec>;
