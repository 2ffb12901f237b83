import { CONFIG_LABEL } from '@fusebox/api/names.ts';
import type { Bed } from './bed.ts';

/** On after every odd edit. */
export const EDITED_FLAG = 'edited';

/** Data of a labelled ConfigMap: requests are let through or refused; no two edits are alike. */
const settings = (edit: number): { data: Record<string, string> } => ({
  data: {
    'policy.yaml': `inbound:
  unmatched: ${edit % 2 === 1 ? 'Refuse' : 'Allow'}
  defaults:
    timeout: ${1000 + edit}ms
    concurrency: {maxConcurrent: 100, queue: {size: 50, timeout: 200ms}}
    circuitBreaker: {failureRateThreshold: 50, minimumNumberOfCalls: 20, resetTimeout: 5s}
  routes:
    - {name: create-user, match: {methods: [POST], path: /users}, rateLimit: {requestsPerSecond: 50, burst: 100}}
    - {name: user, match: {path: "/users/:id"}, concurrency: {maxConcurrent: 20}}
    - {name: reports, match: {pathPrefix: /reports}, maxDuration: 5m}
`,
    'flags.yaml': `flags: {enable_profiles: true, enable_user_cache: ${edit % 3 === 0}, ${EDITED_FLAG}: ${edit % 2 === 1}}\n`,
  },
});

/** Makes the labelled ConfigMap `live`, for every pod of the namespace. */
export async function createSettings(bed: Bed, path: string): Promise<void> {
  const metadata = { name: 'live', labels: { [CONFIG_LABEL]: 'true' } };
  await bed.api.call('POST', `${path}/configmaps`, { metadata, ...settings(0) });
}

/** `edit` as a merge patch, the way `kubectl edit` sends it; resolves when the API server has answered. */
export async function editSettings(bed: Bed, path: string, edit: number): Promise<void> {
  await bed.api.call('PATCH', `${path}/configmaps/live`, settings(edit));
}
