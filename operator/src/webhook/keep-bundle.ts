/** Keeps the `caBundle` of a webhook configuration equal to what the operator's certificates are signed by. */
import type { Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject, Resource } from '../kube/resource.ts';
import type { CertificateSource } from '../pki/certificate-source.ts';

/** The two kinds; the operator's configurations of both have one name. */
const CONFIGURATIONS: readonly Resource[] = ['Validating', 'Mutating'].map((kind) => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: `${kind.toLowerCase()}webhookconfigurations`,
  kind: `${kind}WebhookConfiguration`,
}));

/** How often somebody else's change of it is looked for (ms). */
const EVERY_MS = 60_000;

export interface KeepBundleOptions {
  client: Pick<KubeClient, 'get' | 'apply'>;
  /** Of the ValidatingWebhookConfiguration and the MutatingWebhookConfiguration, which somebody else makes. */
  name: string;
  certificates: CertificateSource;
  /** May this replica write? */
  mayWrite: () => boolean;
  timers: Timers;
  log: Logger;
}

/** Looks after it: `now` when something says that it may be wrong, `end` at the end. What fails is logged and tried again. */
export function keepBundle(options: KeepBundleOptions): { now(): void; end(): void } {
  const { client, name, certificates, mayWrite, timers, log } = options;
  let cancel = (): void => {};
  let ended = false;
  const look = async (configurations: Resource): Promise<void> => {
    const { kind } = configurations;
    const configuration = await client.get(configurations, undefined, name);
    if (configuration === null) return log.warn('there is no such webhook configuration', { kind, name });
    const caBundle = Buffer.from(certificates.current.bundle).toString('base64');
    const stale = webhooksOf(configuration).filter(({ clientConfig }) => clientConfig?.caBundle !== caBundle);
    if (stale.length === 0) return;
    // All of them: what is applied is the whole of what belongs to this field manager.
    const webhooks = webhooksOf(configuration).map((webhook) => ({ name: webhook.name, clientConfig: { caBundle } }));
    const object: KubeObject = { metadata: { name }, webhooks };
    await client.apply(configurations, object, { fieldManager: 'fusebox-operator-ca', force: true });
    log.info('the webhook configuration trusts the present certificates', { kind, name });
  };
  const lookAt = (configurations: Resource): Promise<void> =>
    look(configurations).catch((error: unknown) =>
      log.warn('the webhook configuration cannot be kept', { kind: configurations.kind, name, error }),
    );
  const now = (): void => {
    cancel();
    void Promise.all(mayWrite() ? CONFIGURATIONS.map(lookAt) : []).finally(() => {
      if (ended) return;
      cancel();
      cancel = timers.after(EVERY_MS, now);
    });
  };
  const forget = certificates.onChange(now);
  now();
  return {
    now,
    end() {
      ended = true;
      cancel();
      forget();
    },
  };
}

interface Webhook {
  name: string;
  clientConfig?: { caBundle?: string };
}

const webhooksOf = (configuration: KubeObject): Webhook[] => (configuration['webhooks'] as Webhook[] | undefined) ?? [];
