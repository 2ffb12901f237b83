import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { KubeObject, Resource } from '../kube/resource.ts';
import type { AuthorityKeeper } from './authority-keeper.ts';

const secrets: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };

/** What the Secret, and the ConfigMap with the bundle, are called. */
export const CA_NAME = 'fusebox-ca';

/** The key that holds what is trusted. */
export const BUNDLE_KEY = 'ca.crt';
const KEYS_KEY = 'ca.key';

const WRITE = { fieldManager: 'fusebox-operator' };

/**
 * Keeps the authorities in the Secret `fusebox-ca`: `ca.crt` is what is trusted, `ca.key` the private keys in the same order.
 * Every write names the version that it replaces, so of two replicas one loses and reads again.
 */
export function newSecretKeeper(
  kube: Pick<KubeClient, 'get' | 'create' | 'replace'>,
  namespace: string,
): AuthorityKeeper {
  return {
    async read() {
      const secret = await kube.get(secrets, namespace, CA_NAME);
      if (secret === null) return null;
      const data = Object(secret['data']) as Record<string, string | undefined>;
      const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
      const version = secret.metadata.resourceVersion ?? '';
      return { kept: { certificates: text(BUNDLE_KEY), keys: text(KEYS_KEY) }, version };
    },
    async write({ certificates, keys }, version) {
      const base64 = (text: string): string => Buffer.from(text).toString('base64');
      const secret: KubeObject = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: CA_NAME, namespace, ...(version === null ? {} : { resourceVersion: version }) },
        type: 'Opaque',
        data: { [BUNDLE_KEY]: base64(certificates), [KEYS_KEY]: base64(keys) },
      };
      try {
        if (version === null) await kube.create(secrets, secret, WRITE);
        else await kube.replace(secrets, secret, WRITE);
        return 'written';
      } catch (error) {
        // Made, changed or deleted by somebody else meanwhile.
        if (error instanceof KubeError && (error.code === 'Conflict' || error.code === 'NotFound')) return 'conflict';
        throw error;
      }
    },
  };
}
