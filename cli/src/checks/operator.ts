import { APP_SELECTOR, type Check } from './finding.ts';

interface Deployment {
  metadata: { namespace: string; name: string };
  spec: { replicas?: number };
  status?: { readyReplicas?: number };
}

/** Does exactly one operator run? */
export const checkOperator: Check = async ({ cluster }) => {
  const path = `/apis/apps/v1/deployments?${APP_SELECTOR}%2Capp.kubernetes.io%2Fcomponent%3Doperator`;
  const list = (await cluster.get(path)) as { items: Deployment[] } | null;
  const about = 'operator';
  const [first, ...others] = list?.items ?? [];
  if (first === undefined) {
    const advice = 'install the chart fusebox; until then policies are stored and nobody obeys them';
    return [{ about, state: 'failed', detail: 'no Deployment of it was found', advice }];
  }
  const { metadata, spec, status } = first;
  const title = `${metadata.namespace}/${metadata.name}`;
  const { readyReplicas: ready = 0 } = status ?? {};
  const detail = `${title}: ${ready} of ${spec.replicas ?? 1} replicas ready`;
  if (others.length > 0) {
    const names = [first, ...others].map((one) => `${one.metadata.namespace}/${one.metadata.name}`).join(', ');
    return [
      {
        about,
        state: 'failed',
        detail: `there are several: ${names}`,
        advice: 'remove all but one: they would write the same status',
      },
    ];
  }
  if (ready > 0) return [{ about, state: 'ok', detail, advice: '' }];
  return [
    {
      about,
      state: 'failed',
      detail,
      advice: `see kubectl -n ${metadata.namespace} describe deployment ${metadata.name}`,
    },
  ];
};

interface Lease {
  metadata: { namespace: string };
  spec: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
}

/** Is one of its replicas the leader, and alive? */
export const checkLeader: Check = async ({ cluster, nowMs }) => {
  const path = '/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3Dfusebox-operator';
  const list = (await cluster.get(path)) as { items: Lease[] } | null;
  const about = "operator's leader";
  const [lease] = list?.items ?? [];
  const { holderIdentity = '', leaseDurationSeconds = 15, renewTime = '' } = lease?.spec ?? {};
  if (lease === undefined || holderIdentity === '') {
    return [
      { about, state: 'failed', detail: 'there is none', advice: "nobody writes status; see the operator's log" },
    ];
  }
  // oxlint-disable-next-line no-restricted-globals -- this reads a text, and no clock
  const ageMs = nowMs - Date.parse(renewTime);
  if (ageMs <= leaseDurationSeconds * 1000) return [{ about, state: 'ok', detail: holderIdentity, advice: '' }];
  const detail = `${holderIdentity} has not renewed its Lease since ${renewTime}`;
  return [
    { about, state: 'failed', detail, advice: "see the operator's log, and whether its pods reach the API server" },
  ];
};
