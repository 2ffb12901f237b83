/** Workloads by name, as people write them. Apart from the schemas, which a program that only reads a command line need not load. */

/** A Kubernetes object name (RFC 1123 subdomain). */
export const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A workload by kind and name. */
export interface WorkloadRef {
  kind: string;
  name: string;
}

const SPELLINGS: Readonly<Record<string, string>> = {
  deployment: 'Deployment',
  deploy: 'Deployment',
  statefulset: 'StatefulSet',
  sts: 'StatefulSet',
  daemonset: 'DaemonSet',
  ds: 'DaemonSet',
  service: 'Service',
  svc: 'Service',
};

/** Reads `deployment/users`, kind in any case and in kubectl's short forms; null: not such a name. */
export function parseWorkloadRef(text: string): WorkloadRef | null {
  const [kind = '', name = '', ...rest] = text.split('/');
  const spelling = kind.toLowerCase();
  if (rest.length > 0 || !Object.hasOwn(SPELLINGS, spelling) || !OBJECT_NAME.test(name)) return null;
  return { kind: SPELLINGS[spelling]!, name };
}
