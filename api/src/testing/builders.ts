import type { Document } from '../document.ts';
import { readObject } from '../document.ts';
import { API_VERSION, CONFIG_LABEL, TARGET_ANNOTATION } from '../names.ts';

interface Metadata {
  name?: string;
  namespace?: string;
  creationTimestamp?: string;
}

/** A valid ResiliencePolicy with this `spec`. @throws Error when the spec is not valid. */
export const resiliencePolicy = (spec: object, metadata: Metadata = {}): Document =>
  customObject('ResiliencePolicy', spec, metadata);

/** A valid FeatureFlagSet with this `spec`. @throws Error when the spec is not valid. */
export const featureFlagSet = (spec: object, metadata: Metadata = {}): Document =>
  customObject('FeatureFlagSet', spec, metadata);

/** A valid SidecarProfile with this `spec`. @throws Error when the spec is not valid. */
export const sidecarProfile = (spec: object, metadata: Metadata = {}): Document =>
  customObject('SidecarProfile', spec, metadata);

/** A valid labelled ConfigMap with these specs (written as JSON). @throws Error when one is not valid. */
export function configMap(
  content: {
    policy?: object;
    flags?: object;
    config?: Record<string, string>;
    /** In base64. */
    binary?: Record<string, string>;
    target?: string;
  },
  metadata: Metadata = {},
): Document {
  const { policy, flags, config, binary, target } = content;
  return read({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'config',
      ...metadata,
      labels: { [CONFIG_LABEL]: 'true' },
      ...(target !== undefined && { annotations: { [TARGET_ANNOTATION]: target } }),
    },
    data: {
      ...(policy !== undefined && { 'policy.yaml': JSON.stringify(policy) }),
      ...(flags !== undefined && { 'flags.yaml': JSON.stringify({ flags }) }),
      ...config,
    },
    ...(binary !== undefined && { binaryData: binary }),
  });
}

const customObject = (kind: string, spec: object, metadata: Metadata): Document =>
  read({ apiVersion: API_VERSION, kind, metadata: { name: 'users', ...metadata }, spec });

function read(value: object): Document {
  const reading = readObject(value, null);
  if ('document' in reading) return reading.document;
  throw new Error(`not a valid document: ${JSON.stringify(reading)}`);
}
