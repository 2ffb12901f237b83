/** What the operator keeps of a pod and of a Service; all else is dropped as soon as it is read. */
import type { Who } from '@fusebox/api/compile/who.ts';
import { canonicalJson } from '@fusebox/api/digest.ts';
import { INJECT_LABEL, SIDECAR_ANNOTATION } from '@fusebox/api/names.ts';
import type { WorkloadRef } from '@fusebox/api/workload-ref.ts';
import type { KubeObject } from '../kube/resource.ts';

export interface PodFacts {
  namespace: string;
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  /** Deployment, StatefulSet or DaemonSet; null: it belongs to none. */
  owner: WorkloadRef | null;
  ready: boolean;
  /** It is being deleted, or has ended. */
  ending: boolean;
}

export interface ServiceFacts {
  namespace: string;
  name: string;
  selector: Readonly<Record<string, string>>;
}

/** Of a pod that takes part: one with the label that asks for a sidecar, or with the annotation that says it brings one. */
export function podFacts({ metadata, status }: KubeObject): PodFacts | null {
  const { namespace = '', name, uid = '', labels = {}, annotations = {}, deletionTimestamp } = metadata;
  if (labels[INJECT_LABEL] !== 'true' && annotations[SIDECAR_ANNOTATION] !== 'true') return null;
  const { phase, conditions = [] } = Object(status) as PodStatus;
  return {
    namespace,
    name,
    uid,
    labels,
    owner: ownerOf(metadata),
    ready: conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    ending: deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed',
  };
}

interface PodStatus {
  phase?: string;
  conditions?: { type: string; status: string }[];
}

/** A ReplicaSet of a Deployment is called after it, with the hash that its pods carry as a label. */
function ownerOf({ ownerReferences = [], labels = {} }: KubeObject['metadata']): WorkloadRef | null {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner === undefined || !owner.apiVersion.startsWith('apps/')) return null;
  const { kind, name } = owner;
  if (kind === 'StatefulSet' || kind === 'DaemonSet') return { kind, name };
  const suffix = `-${labels['pod-template-hash'] ?? ''}`;
  if (kind !== 'ReplicaSet' || suffix === '-' || !name.endsWith(suffix)) return null;
  return { kind: 'Deployment', name: name.slice(0, -suffix.length) };
}

/** Of a Service that selects pods. */
export function serviceFacts({ metadata, spec }: KubeObject): ServiceFacts | null {
  const { selector } = Object(spec) as { selector?: Record<string, string> };
  if (selector === undefined || Object.keys(selector).length === 0) return null;
  return { namespace: metadata.namespace ?? '', name: metadata.name, selector };
}

const selects = ({ selector }: ServiceFacts, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

/** Who a pod is, to the compiler. `services`: all of its namespace. */
export function whoOf({ namespace, labels, owner }: PodFacts, services: readonly ServiceFacts[]): Who {
  const selecting = services.filter((service) => selects(service, labels)).map(({ name }) => name);
  const workloads = selecting.toSorted().map((name) => ({ kind: 'Service', name }));
  return { namespace, workloads: owner === null ? workloads : [owner, ...workloads], labels };
}

/** Equal for pods that obey the same settings, whatever these are. It begins with the namespace and a slash. */
export const groupKeyOf = ({ namespace, workloads, labels }: Who): string =>
  `${namespace}/${canonicalJson([workloads, labels])}`;

/** Who the pods of a group are, told by its key alone. */
export function whoOfGroupKey(key: string): Who {
  const slash = key.indexOf('/');
  const [workloads, labels] = JSON.parse(key.slice(slash + 1)) as [Who['workloads'], Who['labels']];
  return { namespace: key.slice(0, slash), workloads, labels };
}
