import { GROUP, RESOURCE_NAMES } from '@fusebox/api/names.ts';
import type { Check } from './finding.ts';

/** What `status`, `wait` and an editor of policies need. */
const NEEDED: readonly { group: string; resource: string; verb: string }[] = [
  ...Object.values(RESOURCE_NAMES).map(({ plural }) => ({ group: GROUP, resource: plural, verb: 'get' })),
  ...Object.values(RESOURCE_NAMES).map(({ plural }) => ({ group: GROUP, resource: plural, verb: 'list' })),
  { group: GROUP, resource: RESOURCE_NAMES.ResiliencePolicy.plural, verb: 'patch' },
  { group: '', resource: 'configmaps', verb: 'get' },
  { group: '', resource: 'configmaps', verb: 'list' },
];

/** May this user do what `status`, `wait` and `kubectl apply` do? */
export const checkPermissions: Check = async ({ cluster, namespace }) => {
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
