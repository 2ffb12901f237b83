/** What the operator keeps of a pod and of a Service; all else is dropped as soon as it is read. */
import type { Who } from '@fusebox/api/compile/who.ts';
import { canonicalJson } from '@fusebox/api/digest.ts';
import { INJECT_LABEL } from '@fusebox/api/names.ts';
import type { WorkloadRef } from '@fusebox/api/workload-ref.ts';
import { podSidecar, type PodSidecar } from '../inject/injected-pod.ts';
import type { KubeObject } from '../kube/resource.ts';

export interface PodFacts {
  namespace: string;
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  /** Deployment, StatefulSet or DaemonSet; null: it belongs to none. */
  owner: WorkloadRef | null;
  sidecar: PodSidecar;
  ready: boolean;
  /** It is being deleted, or has ended. */
  ending: boolean;
}

export interface ServiceFacts {
  namespace: string;
  name: string;
  selector: Readonly<Record<string, string>>;
  /** Those that go to a port of the pods by its number. */
  ports: readonly { port: number; targetPort: number }[];
}

/** Of a pod that takes part: one that has a sidecar, or that asks for one by its own label or by that of its namespace. */
export function podFacts(pod: KubeObject, namespaceAsks: boolean): PodFacts | null {
  const { metadata, status } = pod;
  const { namespace = '', name, uid = '', labels = {}, deletionTimestamp } = metadata;
  const sidecar = podSidecar(pod);
  if (sidecar.kind === 'none' && !asks(labels[INJECT_LABEL], namespaceAsks)) return null;
  const { phase, conditions = [] } = Object(status) as PodStatus;
  return {
    namespace,
    name,
    uid,
    labels,
    owner: ownerOf(metadata),
    sidecar,
    ready: conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    ending: deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed',
  };
}

/** Does a pod ask for a sidecar? Its own label counts for more than that of its namespace. */
export const asks = (label: string | undefined, namespaceAsks: boolean): boolean =>
  label === 'true' || (label !== 'false' && namespaceAsks);

interface PodStatus {
  phase?: string;
  conditions?: { type: string; status: string }[];
}

/** A ReplicaSet of a Deployment is called after it, with the hash that its pods carry as a label. */
export function ownerOf({
  ownerReferences = [],
  labels = {},
}: Pick<KubeObject['metadata'], 'ownerReferences' | 'labels'>): WorkloadRef | null {
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
  const { selector, ports = [] } = Object(spec) as { selector?: Record<string, string>; ports?: ServicePort[] };
  if (selector === undefined || Object.keys(selector).length === 0) return null;
  const numeric = ports.flatMap(({ port, targetPort = port }) =>
    typeof targetPort === 'number' ? [{ port, targetPort }] : [],
  );
  return { namespace: metadata.namespace ?? '', name: metadata.name, selector, ports: numeric };
}

interface ServicePort {
  port: number;
  targetPort?: number | string;
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
