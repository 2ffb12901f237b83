import { CONFIG_LABEL } from '@fusebox/api/names.ts';
import { judgeCertificates, type WebhookConfiguration } from './certificates.ts';
import { APP_SELECTOR, type Check } from './finding.ts';

/** Are the webhooks there, and the authorities that the API server trusts for them good? */
export const checkWebhooks: Check = async ({ cluster, nowMs }) => {
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
