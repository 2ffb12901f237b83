import { expect, test } from 'vitest';
import type { KubeClient } from './client.ts';
import { Denials, notingDenials } from './denials.ts';
import { KubeError } from './kube-error.ts';
import { resources } from './resource.ts';

const forbidden = new KubeError('Forbidden', 'list pods: pods is forbidden');

function noting(client: Partial<KubeClient>) {
  const told: string[] = [];
  const denials = new Denials({
    denied: ({ verb, resource }) => told.push(`denied ${verb} ${resource}`),
    allowed: ({ verb, resource }) => told.push(`allowed ${verb} ${resource}`),
  });
  return { told, denials, client: notingDenials(client as KubeClient, denials) };
}

test('what is refused is told once, listed as long as it lasts, and told when it is over', async () => {
  let isAllowed = false;
  const list: KubeClient['list'] = async () => {
    if (!isAllowed) throw forbidden;
    return { items: [], resourceVersion: '1', continue: null };
  };
  const { told, denials, client } = noting({ list });
  for (let time = 0; time < 3; time += 1) await expect(client.list(resources.pods, {})).rejects.toBe(forbidden);
  expect(denials.list).toEqual(['list pods']);
  isAllowed = true;
  await client.list(resources.pods, {});
  expect(denials.list).toEqual([]);
  expect(told).toEqual(['denied list pods', 'allowed list pods']);
});

test('a status is a resource of its own, and server-side apply of an object needs two verbs', async () => {
  const { told, client } = noting({ apply: () => Promise.reject(forbidden) });
  const object = { metadata: { name: 'users' } };
  const options = { fieldManager: 'x', force: true };
  await client.apply(resources.liveConfigs, object, options).catch(() => {});
  await client.apply(resources.liveConfigs, object, { ...options, subresource: 'status' }).catch(() => {});
  expect(told).toEqual([
    'denied create and patch liveconfigs.fusebox.dev',
    'denied patch liveconfigs/status.fusebox.dev',
  ]);
});

test('other failures say nothing about what is allowed', async () => {
  const failures = [forbidden, new KubeError('Unreachable', 'no answer')];
  const { told, denials, client } = noting({ get: () => Promise.reject(failures.shift()!) });
  for (let time = 0; time < 2; time += 1) await client.get(resources.pods, 'shop', 'users').catch(() => {});
  expect(told).toEqual(['denied get pods']);
  expect(denials.list).toEqual(['get pods']);
});

test('a watch is allowed when it opens, not when it ends', async () => {
  let onOpen = (): void => {};
  const { told, denials, client } = noting({
    watch: (_resource, options) => {
      onOpen = options.onOpen;
      return new Promise(() => {});
    },
  });
  denials.tried('watch', resources.pods, { error: forbidden });
  const options = { resourceVersion: '1', timeoutSeconds: 20, signal: new AbortController().signal };
  void client.watch(resources.pods, { ...options, onOpen: () => {}, onEvent: () => {} });
  expect(denials.list).toEqual(['watch pods']);
  onOpen();
  expect(told).toEqual(['denied watch pods', 'allowed watch pods']);
});
