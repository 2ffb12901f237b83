/** What the operator keeps of an object that people write settings in: a policy, a flag set, a profile, a labelled ConfigMap. */
import { clusterWide } from '@fusebox/api/compile/cluster-profile.ts';
import type { Blobs, ConfigKeys } from '@fusebox/api/config-values.ts';
import { type Document, readObject } from '@fusebox/api/document.ts';
import { formatPath } from '@fusebox/api/documents.ts';
import { API_VERSION, CONFIG_LABEL, TARGET_ANNOTATION } from '@fusebox/api/names.ts';
import type { ObjectStatus } from '@fusebox/api/object-status.ts';
import type { KubeObject } from '../kube/resource.ts';

export type SourceKind = Document['kind'];

export interface Source {
  kind: SourceKind;
  namespace: string;
  name: string;
  uid: string;
  /** Counts edits of the settings; null: this kind has no generation (ConfigMap), its `resourceVersion` takes its place. */
  generation: number | null;
  /** null where `generation` says more: status changes it, too. */
  resourceVersion: string | null;
  /** What stands in it, or everything that is wrong with it. */
  reading: { document: Document } | { problems: string[] };
  /** Whom it is for, as far as that can be read where the rest cannot: a document that says nothing else. */
  claim: Document;
  /** As it was last written; null: never, or it is a ConfigMap, whose LiveConfig has it. */
  status: ObjectStatus | null;
  /** When the operator first saw the present settings (ms, monotonic). */
  seenAtMs: number;
}

/** `ResiliencePolicy shop/users`: the key of a source everywhere, and its name in messages. */
export const sourceKey = ({
  kind,
  namespace,
  name,
}: {
  kind: string;
  namespace: string | null;
  name: string;
}): string => `${kind} ${namespace ?? ''}/${name}`;

/** What stands in such a key. */
export function namesIn(key: string): { kind: string; namespace: string; name: string } {
  const [, kind = '', namespace = '', name = ''] = /^(\S+) ([^/]*)\/(.*)$/.exec(key) ?? [];
  return { kind, namespace, name };
}

/** Changes with every edit: what a pod obeys is compared by it. */
export const tagOf = ({ uid, generation, resourceVersion }: Source): string =>
  `${uid}@${generation ?? resourceVersion}`;

/** Grows with every edit of one source. */
export const revisionOf = ({ generation, resourceVersion }: Source): number => generation ?? Number(resourceVersion);

/** The `revisionOf` that stands in the tag of an edit; null: the tag is of settings that were read from a ControllerRevision. */
export function editOf(tag: string): number | null {
  const edit = Number(tag.slice(tag.lastIndexOf('@') + 1));
  return Number.isNaN(edit) ? null : edit;
}

/** Reads an object; of one that did not change since `before` nothing is read again. */
export function readSource(kind: SourceKind, object: KubeObject, before: Source | null, nowMs: number): Source {
  const { metadata } = object;
  const hasGeneration = kind !== 'ConfigMap';
  const identity = {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: hasGeneration ? (metadata.generation ?? 0) : null,
    resourceVersion: hasGeneration ? null : (metadata.resourceVersion ?? ''),
  };
  const status = hasGeneration ? ((object['status'] as ObjectStatus | undefined) ?? null) : null;
  if (before !== null && tagOf(before) === tagOf({ ...before, ...identity })) return { ...before, status };
  const reading = readObject(object, null);
  return {
    ...identity,
    reading:
      'document' in reading
        ? reading
        : 'problems' in reading
          ? { problems: reading.problems.map(({ path, message }) => said(formatPath(path), message)) }
          : { problems: [reading.ignored] },
    claim: claimOf(kind, object),
    status,
    seenAtMs: nowMs,
  };
}

/** The same source, marked when it is for the whole cluster. `operatorNamespace`: null where that is not known. */
export function withReach(source: Source, operatorNamespace: string | null): Source {
  const claim = clusterWide(source.claim, operatorNamespace);
  if (claim === source.claim) return source;
  const { reading } = source;
  const document = 'document' in reading ? clusterWide(reading.document, operatorNamespace) : null;
  return { ...source, claim, ...(document !== null && { reading: { document } }) };
}

const said = (path: string, message: string): string => (path === '' ? message : `${path}: ${message}`);

/** The same object with nothing but its aim; one whose aim cannot be read is for its namespace. */
function claimOf(kind: SourceKind, object: KubeObject): Document {
  const { name, namespace = '', creationTimestamp, annotations = {} } = object.metadata;
  const metadata = { name, namespace, ...(creationTimestamp !== undefined && { creationTimestamp }) };
  const target = annotations[TARGET_ANNOTATION];
  const { targetRefs, selector } = Object(object['spec']) as Record<string, unknown>;
  const aimed =
    kind === 'ConfigMap'
      ? { ...bareConfigMap(metadata), metadata: labelled(metadata, target) }
      : {
          ...bareObject(kind, metadata),
          spec: { ...(targetRefs !== undefined && { targetRefs }), ...(selector !== undefined && { selector }) },
        };
  for (const candidate of [aimed, kind === 'ConfigMap' ? bareConfigMap(metadata) : bareObject(kind, metadata)]) {
    const reading = readObject(candidate, null);
    if ('document' in reading) return reading.document;
  }
  throw new Error(`${kind} ${namespace}/${name} has a name that the API server does not allow`);
}

interface BareMetadata {
  name: string;
  namespace: string;
}

const labelled = (metadata: BareMetadata, target: string | undefined): object => ({
  ...metadata,
  labels: { [CONFIG_LABEL]: 'true' },
  ...(target !== undefined && { annotations: { [TARGET_ANNOTATION]: target } }),
});
const bareConfigMap = (metadata: BareMetadata): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: labelled(metadata, undefined),
});
const bareObject = (kind: SourceKind, metadata: BareMetadata): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata,
  spec: {},
});

/** An object from which `readObject` reads this document again: what a ControllerRevision keeps. */
export function objectOf(document: Document): object {
  const { kind, namespace, name, createdAt } = document;
  const metadata = {
    name,
    ...(namespace !== null && { namespace }),
    ...(createdAt !== null && { creationTimestamp: createdAt }),
  };
  if (kind !== 'ConfigMap') return { apiVersion: API_VERSION, kind, metadata, spec: document.spec };
  const { target, policy, flags, config, blobs } = document;
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      ...metadata,
      labels: { [CONFIG_LABEL]: 'true' },
      ...(target !== null && { annotations: { [TARGET_ANNOTATION]: `${target.kind}/${target.name}` } }),
    },
    ...valuesOf(config ?? {}, blobs, {
      ...(policy !== null && { 'policy.yaml': JSON.stringify(policy) }),
      ...(flags !== null && { 'flags.yaml': JSON.stringify(flags) }),
    }),
  };
}

/** Equal for equal documents, and short however long their values are. */
export function outlineOf(document: Document): unknown {
  if (document.kind !== 'ConfigMap' || document.blobs.size === 0) return objectOf(document);
  const entries = Object.entries(document.config ?? {});
  const texts = entries.filter(([, value]) => typeof value === 'string');
  const named = entries.filter(([, value]) => typeof value !== 'string');
  return [objectOf({ ...document, config: Object.fromEntries(texts), blobs: new Map() }), named];
}

function valuesOf(config: ConfigKeys, blobs: Blobs, settings: Record<string, string>): object {
  const data: [string, string][] = [];
  const binaryData: [string, string][] = [];
  for (const [key, value] of Object.entries(config)) {
    if (typeof value === 'string') data.push([key, value]);
    else {
      const bytes = Buffer.from(blobs.get(value.digest)!);
      if (value.encoding === 'text') data.push([key, bytes.toString()]);
      else binaryData.push([key, bytes.toString('base64')]);
    }
  }
  return {
    data: { ...Object.fromEntries(data), ...settings },
    ...(binaryData.length > 0 && { binaryData: Object.fromEntries(binaryData) }),
  };
}
