import type { Condition, LiveConfigStatus } from '@fusebox/api/object-status.ts';
import type { KubeObject } from '../watched-object.ts';

/** A condition as the operator writes it. */
export function condition(
  type: Condition['type'],
  status: Condition['status'],
  more: Partial<Condition> = {},
): Condition {
  const reason = status === 'True' ? type : 'Pending';
  return {
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: '2026-01-31T12:00:00Z',
    observedGeneration: 1,
    ...more,
  };
}

/** The status of an object that all its pods obey, bent by the test. */
export function obeyed(more: LiveConfigStatus = {}): LiveConfigStatus {
  return {
    conditions: [condition('Accepted', 'True'), condition('Programmed', 'True'), condition('Degraded', 'False')],
    pods: { matched: 2, programmed: 2, rejected: 0 },
    programmed: '2/2',
    version: 'sha256:0123456789abcdef',
    propagationMs: 8,
    ...more,
  };
}

/** An object named `users` in `shop`. */
export function users(
  status: LiveConfigStatus | undefined,
  metadata: Partial<KubeObject['metadata']> = {},
): KubeObject {
  const named = { name: 'users', namespace: 'shop', generation: 1, resourceVersion: '7', ...metadata };
  return status === undefined ? { metadata: named } : { metadata: named, status };
}

/** A ConfigMap that the operator reads. */
export const labelled = (resourceVersion: string): KubeObject =>
  users(undefined, { resourceVersion, labels: { 'fusebox.dev/config': 'true' } });
