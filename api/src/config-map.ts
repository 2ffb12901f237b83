import Type, { type Static } from 'typebox';

import {
  binaryValue,
  configKeyComplaint,
  type ConfigKeys,
  isBase64,
  type SizedValue,
  sizeFaults,
  sizeOfBase64,
  sizeOfText,
  textValue,
  totalFaults,
} from './config-values.ts';
import type { Form } from './schema.ts';
import { CONFIG_LABEL, TARGET_ANNOTATION } from './names.ts';
import { ObjectMetadata } from './object-metadata.ts';
import type { Problem } from './validate.ts';
import { parseWorkloadRef } from './workload-ref.ts';

/** Keys of a labelled ConfigMap that hold settings; every other key is live configuration for the service. */
export const POLICY_KEY = 'policy.yaml';
export const FLAGS_KEY = 'flags.yaml';

const base64: Form = (text) => (isBase64(text) ? null : 'is not base64');
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
        keyForm: configKeyComplaint,
        additionalProperties: Type.String({ description: 'A setting.', secret: true }),
      }),
    ),
    binaryData: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        nullable: true,
        keyForm: configKeyComplaint,
        additionalProperties: Type.String({ description: 'Bytes in base64.', form: base64, secret: true }),
      }),
    ),
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

/** The keys that are for the service, and the bytes of those that travel by digest. */
export interface ConfigContent {
  /** null: there are none. */
  config: ConfigKeys | null;
  blobs: Map<string, Uint8Array>;
}

/** What a ConfigMap holds for the service, or everything that is wrong with what it holds. */
export function configContentOf(object: ConfigMapObject): ConfigContent | { problems: Problem[] } {
  const { data = {}, binaryData = {} } = object;
  const values: SizedValue[] = [
    ...Object.entries(data).map(([key, text]) => ({ field: 'data' as const, key, sizeBytes: sizeOfText(text) })),
    ...Object.entries(binaryData).map(([key, text]) => ({
      field: 'binaryData' as const,
      key,
      sizeBytes: sizeOfBase64(text),
    })),
  ];
  const problems = [...misplaced(object), ...sizeFaults(values)];
  const forService = values.filter(({ key }) => !isSettingsKey(key));
  if (problems.length === 0) problems.push(...totalFaults(forService));
  if (problems.length > 0) return { problems };
  const blobs = new Map<string, Uint8Array>();
  const entries = forService.map(({ field, key }) => [
    key,
    field === 'data' ? textValue(data[key]!, blobs) : binaryValue(binaryData[key]!, blobs),
  ]);
  return { config: entries.length === 0 ? null : (Object.fromEntries(entries) as ConfigKeys), blobs };
}

const isSettingsKey = (key: string): boolean => key === POLICY_KEY || key === FLAGS_KEY;

/** Settings are text, and one key has one value. */
function misplaced({ data = {}, binaryData = {} }: ConfigMapObject): Problem[] {
  return Object.keys(binaryData).flatMap((key): Problem[] => {
    if (isSettingsKey(key)) return [{ path: ['binaryData', key], message: 'holds settings: they are text, in data' }];
    return Object.hasOwn(data, key) ? [{ path: ['binaryData', key], message: 'stands in data, too' }] : [];
  });
}
