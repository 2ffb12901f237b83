/** One object, as written or as the API server has it → a `Document`. */
import Type, { type Static, type TSchema } from 'typebox';

import { configContentOf, ConfigMapObject, FLAGS_KEY, isLabelled, POLICY_KEY } from './config-map.ts';
import type { ConfigKeys } from './config-values.ts';
import { quote } from './complaints.ts';
import { FeatureFlagSetSpec, type FlagsSpec, ConfigMapFlags } from './flag-set.ts';
import { API_VERSION, CONFIG_LABEL, KINDS, TARGET_ANNOTATION } from './names.ts';
import { nearestName } from './nearest-name.ts';
import { ObjectMetadata } from './object-metadata.ts';
import { ConfigMapPolicy, type PolicySpec, ResiliencePolicySpec } from './resilience-policy.ts';
import type { Path } from './schema.ts';
import { SidecarProfileSpec } from './sidecar-profile.ts';
import { parseWorkloadRef, type WorkloadRef } from './workload-ref.ts';
import { type Origin, type Problem, validate } from './validate.ts';
import { readYaml, type YamlOrigin } from './yaml-text.ts';

interface Identity {
  /** null: none is written; such a document is for whoever reads it. */
  namespace: string | null;
  name: string;
  /** `2026-01-31T12:00:00Z`; null: not known. */
  createdAt: string | null;
}

/** A valid document of a kind that we know. */
export type Document = Identity &
  (
    | { kind: 'ResiliencePolicy'; spec: ResiliencePolicySpec }
    | { kind: 'FeatureFlagSet'; spec: FeatureFlagSetSpec }
    | SidecarProfileDocument
    | ConfigMapDocument
  );

interface SidecarProfileDocument {
  kind: 'SidecarProfile';
  spec: SidecarProfileSpec;
  /** It is for the pods of every namespace, at a rank below all others; set by `clusterWide`. */
  clusterWide?: true;
}

interface ConfigMapDocument {
  kind: 'ConfigMap';
  /** The workload that it is for; null: the whole namespace. */
  target: WorkloadRef | null;
  policy: PolicySpec | null;
  flags: FlagsSpec | null;
  /** Every other key: for the service. */
  config: ConfigKeys | null;
  /** The bytes of those that travel by digest. */
  blobs: Map<string, Uint8Array>;
}

/** What became of an object. */
export type Reading =
  | { document: Document }
  | { ignored: string }
  | { problems: (Problem & { line?: number | null })[] };

const customObject = <S extends TSchema>(spec: S) =>
  Type.Object(
    {
      apiVersion: Type.Unknown(),
      kind: Type.Unknown(),
      metadata: ObjectMetadata,
      spec,
      status: Type.Optional(Type.Unknown()),
    },
    { additionalProperties: false },
  );

const OBJECTS = {
  ResiliencePolicy: customObject(ResiliencePolicySpec),
  FeatureFlagSet: customObject(FeatureFlagSetSpec),
  SidecarProfile: customObject(SidecarProfileSpec),
};

/** Checks one object. `origin` tells where its values stood, when it came from a text. Never throws. */
export function readObject(value: unknown, origin: YamlOrigin | null): Reading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse([], 'is not an object');
  const { apiVersion, kind } = value as Record<string, unknown>;
  if (apiVersion === 'v1' && kind === 'ConfigMap') {
    return isLabelled(value) ? readConfigMap(value, origin) : { ignored: `has no label ${CONFIG_LABEL}: "true"` };
  }
  const known = KINDS.find((candidate) => candidate === kind);
  if (known === undefined) return unknownKind(kind);
  if (apiVersion !== API_VERSION) {
    return refuse(['apiVersion'], `${written(apiVersion)} has no kind ${known}; write ${API_VERSION}`);
  }
  return readCustomObject(known, value, origin);
}

function readCustomObject(kind: (typeof KINDS)[number], value: object, origin: Origin | null): Reading {
  const { value: object, problems } = validate(OBJECTS[kind], value, origin);
  if (object === null) return { problems };
  return { document: { ...identityOf(object.metadata), kind, spec: object.spec } as Document };
}

function readConfigMap(value: object, origin: YamlOrigin | null): Reading {
  const { value: object, problems } = validate(ConfigMapObject, value, origin);
  if (object === null) return { problems };
  const content = configContentOf(object);
  const policy = readKey(object, POLICY_KEY, ConfigMapPolicy, origin);
  const flags = readKey(object, FLAGS_KEY, ConfigMapFlags, origin);
  const all = [...policy.problems, ...flags.problems, ...('problems' in content ? content.problems : [])];
  if ('problems' in content || all.length > 0) return { problems: all };
  const target = object.metadata.annotations?.[TARGET_ANNOTATION];
  return {
    document: {
      ...identityOf(object.metadata),
      kind: 'ConfigMap',
      target: target === undefined ? null : parseWorkloadRef(target),
      policy: policy.value,
      flags: flags.value,
      ...content,
    },
  };
}

/** The YAML inside one key of a ConfigMap. An empty text is as good as none. */
function readKey<S extends TSchema>(
  object: ConfigMapObject,
  key: string,
  schema: S,
  origin: YamlOrigin | null,
): { value: Static<S> | null; problems: (Problem & { line?: number | null })[] } {
  const text = object.data !== undefined && Object.hasOwn(object.data, key) ? object.data[key]! : '';
  const [part, second] = readYaml(text);
  const prefix: Path = ['data', key];
  if (part === undefined) return { value: null, problems: [] };
  const before = origin?.linesBefore(prefix) ?? null;
  const lineIn = (line: number): number | null => (before === null ? (origin?.lineOf(prefix) ?? null) : before + line);
  if (part.faults.length > 0) {
    const problems = part.faults.map(({ line, message }) => ({ path: prefix, message, line: lineIn(line) }));
    return { value: null, problems };
  }
  if (second !== undefined) {
    return {
      value: null,
      problems: [{ path: prefix, message: 'holds more than one document', line: lineIn(second.line) }],
    };
  }
  const { value, problems } = validate(schema, part.value, part.origin);
  const placed = problems.map(({ path, message }) => ({
    path: [...prefix, ...path],
    message,
    line: lineIn(part.origin.lineOf(path)),
  }));
  return { value, problems: placed };
}

function identityOf(metadata: ObjectMetadata): Identity {
  return {
    namespace: metadata.namespace ?? null,
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? null,
  };
}

function unknownKind(kind: unknown): Reading {
  const nearest = typeof kind === 'string' ? nearestName(kind, KINDS) : null;
  const meant = nearest === null ? '' : `; did you mean ${nearest}?`;
  const known = `known are ${KINDS.join(', ')} (${API_VERSION}) and ConfigMap (v1)`;
  if (kind === undefined) return refuse(['kind'], `is missing, so these are no settings; ${known}`);
  return refuse(['kind'], `${written(kind)} is not a known kind${meant}; ${known}`);
}

function written(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return typeof value === 'string' ? quote(value) : `a value of type ${typeof value}`;
}

const refuse = (path: Path, message: string): Reading => ({ problems: [{ path, message }] });
