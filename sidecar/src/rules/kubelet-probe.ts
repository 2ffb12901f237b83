/**
 * Is a request one of the kubelet's probes? Behind a redirect they arrive like any other request. An open circuit that refused them
 * would make the kubelet restart the service again and again; and their answers say nothing of how the service serves.
 *
 * Anybody can write the kubelet's `User-Agent`. So only the very targets that the pod names as its probes count: who forges one gains
 * that target, which does no work, past the limits, and nothing else.
 */

/** What is looked at of a request. */
export interface ProbeLike {
  method: string;
  /** Without the query. */
  path: string;
  /** Path and query, as written. */
  readonly target: string;
  header(lowerCaseName: string): string | null;
}

/** Targets of probes, by their paths. */
export type ProbeTargets = ReadonlyMap<string, ReadonlySet<string>>;

/** Of targets such as `/ready?full=1`. */
export const probeTargets = (targets: readonly string[]): ProbeTargets =>
  new Map([...Map.groupBy(targets, pathOf)].map(([path, all]) => [path, new Set(all)]));

/** Most requests are no probe, which the path alone tells. */
export function isKubeletProbe(request: ProbeLike, targets: ProbeTargets): boolean {
  const known = targets.get(request.path);
  if (known === undefined || request.method !== 'GET' || !known.has(request.target)) return false;
  return request.header('user-agent')?.startsWith('kube-probe/') === true;
}

const pathOf = (target: string): string => target.split('?')[0]!;
