/** An object of ours as the API server has it → what people want to know of it. */
import { CONFIG_LABEL } from '@fusebox/api/names.ts';
import type { Condition, LiveConfigStatus } from '@fusebox/api/object-status.ts';
import type { NamedKind } from './resources.ts';

/** What the verbs read of an object. */
export interface KubeObject {
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    generation?: number;
    resourceVersion?: string;
    labels?: Record<string, string>;
  };
  spec?: { configMap?: string };
  status?: LiveConfigStatus;
}

/** One object, told for people and for programs. */
export interface WatchedObject {
  /** A ConfigMap where the object is a LiveConfig. */
  kind: Exclude<NamedKind, 'LiveConfig'>;
  namespace: string;
  name: string;
  /** Accepted and programmed, as it stands now, and not degraded. */
  ok: boolean;
  /** What is not as it should be, one line each. */
  notes: string[];
  status: LiveConfigStatus;
}

/**
 * Reads an object. `configMap` is the ConfigMap that a LiveConfig speaks for: null where there is none any more, undefined
 * where nobody looked.
 */
export function watchedObject(kind: NamedKind, object: KubeObject, configMap?: KubeObject | null): WatchedObject {
  const status = object.status ?? {};
  const notes = [...stale(object, configMap), ...conditionNotes(status)];
  const { name, namespace = 'default' } = object.metadata;
  return {
    kind: kind === 'LiveConfig' ? 'ConfigMap' : kind,
    namespace,
    name,
    ok: notes.length === 0,
    notes,
    status,
  };
}

/** The condition of a type; undefined: nobody has said. */
export const conditionOf = (status: LiveConfigStatus, type: Condition['type']): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/** Is it in force as it stands now? What is degraded is in force too. */
export function isProgrammed(object: KubeObject, configMap?: KubeObject | null): boolean {
  const { status = {} } = object;
  const holds = (type: Condition['type']): boolean => conditionOf(status, type)?.status === 'True';
  return stale(object, configMap).length === 0 && holds('Accepted') && holds('Programmed');
}

/** Refused as it stands now: waiting would not help. */
export function isInvalid(object: KubeObject, configMap?: KubeObject | null): boolean {
  const accepted = conditionOf(object.status ?? {}, 'Accepted');
  const refused = accepted?.status === 'False' && accepted.reason === 'Invalid';
  return refused && stale(object, configMap).length === 0;
}

/** Why a ConfigMap is nobody's business; null: it is labelled. */
export function labelComplaint(configMap: KubeObject): string | null {
  if (configMap.metadata.labels?.[CONFIG_LABEL] === 'true') return null;
  return `has no label ${CONFIG_LABEL}: "true", so nobody reads it`;
}

/** Does the status speak of the object as it stands now? */
function stale(object: KubeObject, configMap?: KubeObject | null): string[] {
  const { metadata, status = {} } = object;
  if (configMap === null) return ['the ConfigMap is gone'];
  if (configMap !== undefined) {
    const { resourceVersion = '' } = configMap.metadata;
    const { observedResourceVersion: observed } = status;
    if (observed === resourceVersion) return [];
    return [`the operator has not seen resourceVersion ${resourceVersion} yet (it speaks of ${observed ?? 'none'})`];
  }
  const generation = metadata.generation ?? 0;
  const observed = Math.min(...['Accepted', 'Programmed'].map((type) => observedIn(status, type as Condition['type'])));
  if (metadata.generation === undefined || observed >= generation || status.observedResourceVersion !== undefined)
    return [];
  const spoken = observed < 0 ? 'none' : String(observed);
  return [`the operator has not judged generation ${generation} yet (it speaks of ${spoken})`];
}

const observedIn = (status: LiveConfigStatus, type: Condition['type']): number =>
  conditionOf(status, type)?.observedGeneration ?? -1;

function conditionNotes(status: LiveConfigStatus): string[] {
  const { conditions = [] } = status;
  const bad = conditions.filter(({ type, status: holds }) =>
    type === 'Degraded' ? holds !== 'False' : holds !== 'True',
  );
  return bad.map(({ type, status: holds, reason, message }) => {
    return `${type}=${holds} ${reason}${message === '' ? '' : `: ${message}`}`;
  });
}
