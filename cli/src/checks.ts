/** What `check` asks of a cluster, one function a question, in the order in which they are told. */
import { CONFIG_LABEL, GROUP, RESOURCE_NAMES, VERSION, VERSION_ANNOTATION } from '@fusebox/api/names.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { judgeCertificates, type WebhookConfiguration } from './certificates.ts';
import { type Cluster, ClusterError } from './kube/cluster.ts';

/** The answer to one question. */
export interface Finding {
  about: string;
  /** `warning`: it works, but somebody should look. */
  state: 'ok' | 'warning' | 'failed';
  detail: string;
  /** What to do; empty where nothing is to be done. */
  advice: string;
}

/** What a question may look at. */
export interface Asked {
  cluster: Cluster;
  namespace: string;
  nowMs: number;
}

type Check = (asked: Asked) => Promise<Finding[]>;

/** From here on a container's port name may move to a native sidecar, which injection without privileges needs. */
const MINIMUM_MINOR = 33;
const APP_SELECTOR = 'labelSelector=app.kubernetes.io%2Fname%3Dfusebox';

/** Does it answer at all? @throws ClusterError where it does not: nothing else can be asked then */
export const checkServer: Check = async ({ cluster }) => {
  const { major, minor, gitVersion } = Object(await cluster.get('/version')) as Record<string, string>;
  const about = 'API server';
  const detail = `${gitVersion ?? 'of unknown version'} at ${cluster.server}`;
  const release = Number(major) * 1000 + Number.parseInt(minor ?? '', 10);
  if (release >= 1000 + MINIMUM_MINOR) return [{ about, state: 'ok', detail, advice: '' }];
  const advice = `injection by port name needs Kubernetes 1.${MINIMUM_MINOR}; use interception: Redirect in the SidecarProfile`;
  return [{ about, state: 'warning', detail, advice }];
};

const checkKinds: Check = async ({ cluster }) =>
  Promise.all(
    Object.values(RESOURCE_NAMES).map(async ({ plural }) => {
      const name = `${plural}.${GROUP}`;
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
      return judgeDefinition(name, (await cluster.get(path)) as Definition | null);
    }),
  );

interface Definition {
  metadata: { annotations?: Record<string, string> };
  spec: { versions: { name: string; served: boolean }[] };
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

function judgeDefinition(name: string, definition: Definition | null): Finding {
  const finding = (state: Finding['state'], detail: string, advice = ''): Finding => ({
    about: `kind ${name}`,
    state,
    detail,
    advice,
  });
  const install = 'install the definitions: kubectl apply --server-side -f crds/';
  if (definition === null) return finding('failed', 'is not installed', install);
  const { metadata, spec, status } = definition;
  if (!spec.versions.some((version) => version.name === VERSION && version.served)) {
    return finding('failed', `does not serve ${VERSION}`, install);
  }
  const bad = status?.conditions?.find((condition) => condition.type === 'Established' && condition.status !== 'True');
  if (bad !== undefined)
    return finding('failed', `is not served: ${bad.message ?? ''}`, 'look at kubectl describe crd');
  const version = metadata.annotations?.[VERSION_ANNOTATION] ?? 'an unknown version';
  if (version === PRODUCT_VERSION) return finding('ok', `of ${version}`);
  return finding(
    'warning',
    `of ${version}; this kubectl-fusebox is of ${PRODUCT_VERSION}`,
    `use one version: ${install}`,
  );
}

/** What `status`, `wait` and an editor of policies need. */
const NEEDED: readonly { group: string; resource: string; verb: string }[] = [
  ...Object.values(RESOURCE_NAMES).map(({ plural }) => ({ group: GROUP, resource: plural, verb: 'get' })),
  ...Object.values(RESOURCE_NAMES).map(({ plural }) => ({ group: GROUP, resource: plural, verb: 'list' })),
  { group: GROUP, resource: RESOURCE_NAMES.ResiliencePolicy.plural, verb: 'patch' },
  { group: '', resource: 'configmaps', verb: 'get' },
  { group: '', resource: 'configmaps', verb: 'list' },
];

const checkPermissions: Check = async ({ cluster, namespace }) => {
  const answers = await Promise.all(
    NEEDED.map(async (wish) => {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace, ...wish } },
      };
      const answer = await cluster.create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
      return { wish, allowed: (answer as { status?: { allowed?: boolean } }).status?.allowed === true };
    }),
  );
  const denied = answers.filter(({ allowed }) => !allowed).map(({ wish }) => `${wish.verb} ${wish.resource}`);
  const about = `your permissions in ${namespace}`;
  if (denied.length === 0)
    return [{ about, state: 'ok', detail: 'enough to edit policies and to see what became of them', advice: '' }];
  return [
    {
      about,
      state: 'warning',
      detail: `you may not ${denied.join(', ')}`,
      advice: 'ask for a role with these verbs; kubectl auth can-i tells what you have',
    },
  ];
};

interface Deployment {
  metadata: { namespace: string; name: string };
  spec: { replicas?: number };
  status?: { readyReplicas?: number };
}

const checkOperator: Check = async ({ cluster }) => {
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

const checkLeader: Check = async ({ cluster, nowMs }) => {
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

const checkWebhooks: Check = async ({ cluster, nowMs }) => {
  const lists = await Promise.all(
    ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(async (plural) => {
      const path = `/apis/admissionregistration.k8s.io/v1/${plural}?${APP_SELECTOR}`;
      return ((await cluster.get(path)) as { items: WebhookConfiguration[] } | null)?.items ?? [];
    }),
  );
  const findings = lists.flat().flatMap((configuration) => judgeCertificates(configuration, nowMs));
  if (findings.length > 0) return findings;
  const advice = `labelled ConfigMaps (${CONFIG_LABEL}) are checked only after they are stored, and no pod is injected; install the chart fusebox`;
  return [{ about: 'webhooks', state: 'warning', detail: 'there are none', advice }];
};

/** All but `checkServer`. One that may not look is told so, and stops no other. */
export const CHECKS: readonly [about: string, check: Check][] = [
  ['kinds', checkKinds],
  ['permissions', checkPermissions],
  ['operator', checkOperator],
  ["operator's leader", checkLeader],
  ['webhooks', checkWebhooks],
];

/** What a check that was not allowed to look has found. @throws ClusterError where there is no API server any more */
export function unseen(about: string, error: unknown): Finding {
  if (!(error instanceof ClusterError) || error.code === 'unavailable') throw error;
  return {
    about,
    state: 'warning',
    detail: `could not be looked at: ${error.message}`,
    advice: 'ask somebody who may read it',
  };
}
