import { isClusterWide } from './cluster-profile.ts';
import type { Document } from '../document.ts';
import type { Selector } from '../target.ts';
import type { WorkloadRef } from '../workload-ref.ts';

/** Whom the snapshot is for. What is null or empty is not known; then nothing is ruled out by it. */
export interface Who {
  namespace: string | null;
  /** The workloads that own the pod, and the Services that select it. */
  workloads: readonly WorkloadRef[];
  labels: Readonly<Record<string, string>> | null;
}

type Aim = { targetRefs: readonly WorkloadRef[] } | { selector: Selector };

/** At whom a document is aimed; null: at every pod of its namespace. An empty selector is that, too. */
export function aimOf(document: Document): Aim | null {
  if (document.kind === 'ConfigMap') return document.target === null ? null : { targetRefs: [document.target] };
  const { selector } = document.spec;
  const targetRefs = document.kind === 'SidecarProfile' ? undefined : document.spec.targetRefs;
  if (targetRefs !== undefined) return { targetRefs };
  return selector === undefined || isEmpty(selector) ? null : { selector };
}

/** Is a document for these pods? `unknown`: it is aimed at somebody, and who these pods are was not said. */
export function judgeAim(document: Document, who: Who): 'ours' | 'other' | 'unknown' {
  const elsewhere = document.namespace !== null && who.namespace !== null && document.namespace !== who.namespace;
  if (elsewhere && !isClusterWide(document)) return 'other';
  const aim = aimOf(document);
  if (aim === null) return 'ours';
  if ('selector' in aim) {
    if (who.labels === null) return 'unknown';
    return selects(aim.selector, who.labels) ? 'ours' : 'other';
  }
  if (who.workloads.length === 0) return 'unknown';
  const hit = aim.targetRefs.some((ref) =>
    who.workloads.some(({ kind, name }) => kind === ref.kind && name === ref.name),
  );
  return hit ? 'ours' : 'other';
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: Selector): boolean =>
  Object.keys(matchLabels).length + matchExpressions.length === 0;

/** As Kubernetes has it: everything must hold; `NotIn` holds for a label that is not there. */
function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const labelOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  if (!Object.entries(matchLabels).every(([key, value]) => labelOf(key) === value)) return false;
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const label = labelOf(key);
    switch (operator) {
      case 'In':
        return label !== undefined && values.includes(label);
      case 'NotIn':
        return label === undefined || !values.includes(label);
      case 'Exists':
        return label !== undefined;
      case 'DoesNotExist':
        return label === undefined;
    }
  });
}
