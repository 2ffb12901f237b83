/** Which pods with a sidecar people mean. */
import { INJECT_LABEL, SIDECAR_ANNOTATION, SIDECAR_CONTAINER } from '@fusebox/api/names.ts';
import type { WorkloadRef } from '@fusebox/api/workload-ref.ts';
import { type Cluster, ClusterError } from './kube/cluster.ts';

/** The pods of a workload, one pod, those with labels, or all of the namespace. */
export type PodWish =
  | { by: 'workload'; workload: WorkloadRef }
  | { by: 'name'; name: string }
  | { by: 'labels'; selector: string }
  | { by: 'namespace' };

/** A pod with a sidecar. */
export interface SidecarPod {
  namespace: string;
  name: string;
  /** Why it cannot be asked; null: it runs. */
  fault: string | null;
}

interface Pod {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] };
  status?: { phase?: string };
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** Finds them, by name. Pods that end or have ended are left out. @throws ClusterError */
export async function findSidecarPods(cluster: Cluster, wish: PodWish, namespace: string): Promise<SidecarPod[]> {
  const pods = await podsOf(cluster, wish, namespace);
  return pods
    .filter((pod) => takesPart(pod) && pod.metadata.deletionTimestamp === undefined && !hasEnded(pod))
    .map((pod) => ({ namespace, name: pod.metadata.name, fault: faultOf(pod) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function podsOf(cluster: Cluster, wish: PodWish, namespace: string): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  if (wish.by === 'name') {
    const pod = (await cluster.get(`${path}/${encodeURIComponent(wish.name)}`)) as Pod | null;
    if (pod === null) throw new ClusterError('failed', `there is no pod ${namespace}/${wish.name}`);
    return [pod];
  }
  let selector: string | null = null;
  if (wish.by === 'labels') selector = wish.selector;
  if (wish.by === 'workload') selector = await selectorOf(cluster, wish.workload, namespace);
  const query = selector === null ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
  const list = (await cluster.get(`${path}${query}`)) as { items: Pod[] } | null;
  return list?.items ?? [];
}

/** The labels by which a workload knows its pods. */
async function selectorOf(cluster: Cluster, { kind, name }: WorkloadRef, namespace: string): Promise<string> {
  const [group, plural] = kind === 'Service' ? ['/api/v1', 'services'] : ['/apis/apps/v1', `${kind.toLowerCase()}s`];
  const path = `${group}/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`;
  const object = (await cluster.get(path)) as { spec: { selector?: Selector | Record<string, string> } } | null;
  if (object === null) throw new ClusterError('failed', `there is no ${kind} ${namespace}/${name}`);
  const { selector = {} } = object.spec;
  const { matchLabels = {}, matchExpressions = [] } = kind === 'Service' ? { matchLabels: selector } : selector;
  const parts = [
    ...Object.entries(matchLabels as Record<string, string>).map(([key, value]) => `${key}=${value}`),
    ...(matchExpressions as NonNullable<Selector['matchExpressions']>).map(expressionText),
  ];
  if (parts.length === 0) throw new ClusterError('failed', `${kind} ${namespace}/${name} selects no pods`);
  return parts.join(',');
}

function expressionText({ key, operator, values = [] }: { key: string; operator: string; values?: string[] }): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
}

function takesPart({ metadata: { labels = {}, annotations = {} }, spec = {} }: Pod): boolean {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  if (containers.some(({ name }) => name === SIDECAR_CONTAINER)) return true;
  return labels[INJECT_LABEL] === 'true' || annotations[SIDECAR_ANNOTATION] === 'true';
}

const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

function faultOf({ metadata: { annotations = {} }, spec = {}, status }: Pod): string | null {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const hasSidecar = containers.some(({ name }) => name === SIDECAR_CONTAINER);
  if (!hasSidecar && annotations[SIDECAR_ANNOTATION] !== 'true') return 'it asked for a sidecar and has none';
  const phase = status?.phase ?? 'Pending';
  return phase === 'Running' ? null : `it is not running: ${phase}`;
}
