import { GROUP, LIVE_CONFIG_KIND, RESOURCE_NAMES, VERSION } from '@fusebox/api/names.ts';

/** A kind of object as the API server's paths know it. The core group is `''`. */
export interface Resource {
  group: string;
  version: string;
  plural: string;
  kind: string;
}

/** Any object of the API server. Of its content only what every object has is known here. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: Metadata;
  [field: string]: unknown;
}

interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

const ours = (kind: keyof typeof RESOURCE_NAMES): Resource => ({
  group: GROUP,
  version: VERSION,
  plural: RESOURCE_NAMES[kind].plural,
  kind,
});
const core = (kind: string, plural: string): Resource => ({ group: '', version: 'v1', plural, kind });

/** Every kind that the operator reads or writes. */
export const resources = {
  resiliencePolicies: ours('ResiliencePolicy'),
  featureFlagSets: ours('FeatureFlagSet'),
  sidecarProfiles: ours('SidecarProfile'),
  liveConfigs: ours(LIVE_CONFIG_KIND),
  configMaps: core('ConfigMap', 'configmaps'),
  pods: core('Pod', 'pods'),
  services: core('Service', 'services'),
  namespaces: core('Namespace', 'namespaces'),
  controllerRevisions: { group: 'apps', version: 'v1', plural: 'controllerrevisions', kind: 'ControllerRevision' },
  tokenReviews: { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews', kind: 'TokenReview' },
} as const satisfies Record<string, Resource>;

/** `v1`, `apps/v1`. */
export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`);

/** Where an object, or without `name` a list, is found: `/apis/apps/v1/namespaces/shop/deployments/users`. */
export function pathOf(
  resource: Resource,
  place: { namespace?: string | undefined; name?: string; subresource?: string },
): string {
  const { group, version, plural } = resource;
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (place.namespace !== undefined) parts.push('namespaces', place.namespace);
  parts.push(plural);
  if (place.name !== undefined) parts.push(place.name);
  if (place.subresource !== undefined) parts.push(place.subresource);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
