/**
 * Feature flags by OpenFeature. Handlers ask for a boolean and get it at once: flags are evaluated when they change, not
 * in each request. That is right for switches of the service as a whole. A flag that differs from user to user is
 * evaluated in the request, by `client.getBooleanValue(key, false, {targetingKey: userId})`.
 */
import { randomUUID } from 'node:crypto';
import { NOOP_PROVIDER, OpenFeature, ProviderEvents, type Provider } from '@openfeature/server-sdk';
import type { Scope } from '../scope.ts';

/** Every flag that the service knows. */
const keys = ['enable_profiles', 'enable_user_cache'] as const;
export type FlagKey = (typeof keys)[number];

/** What is switched on at present. */
export interface Flags {
  /** False where nobody says otherwise. */
  isOn(key: FlagKey, scope: Scope): boolean;
}

/** Flags from this provider. */
export async function openFlags(provider: Provider): Promise<Flags & { close(): Promise<void> }> {
  // A domain of its own: whoever else uses OpenFeature in this process keeps their provider.
  const domain = `sample-service-${randomUUID()}`;
  const client = OpenFeature.getClient(domain);
  let on = new Set<FlagKey>();
  const evaluate = async (): Promise<void> => {
    const values = await Promise.all(keys.map((key) => client.getBooleanValue(key, false)));
    on = new Set(keys.filter((_key, index) => values[index]));
  };
  // A provider that cannot reach its server yet is not ready: it tells when it is.
  await OpenFeature.setProviderAndWait(domain, provider).catch(() => {});
  const events = [ProviderEvents.ConfigurationChanged, ProviderEvents.Ready] as const;
  for (const event of events) client.addHandler(event, evaluate);
  await evaluate();
  return {
    isOn: (key) => on.has(key),
    async close() {
      for (const event of events) client.removeHandler(event, evaluate);
      await OpenFeature.setProviderAndWait(domain, NOOP_PROVIDER);
    },
  };
}
