/** A path to the API server that loses its state says nothing, for hours. The operator finds out by itself. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { newKubeClient } from '@fusebox/operator/kube/client.ts';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { resources } from '@fusebox/operator/kube/resource.ts';
import { Informer } from '@fusebox/operator/watch/informer.ts';
import { Store } from '@fusebox/operator/watch/store.ts';
import { systemClock as clock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import type { Timers } from '@fusebox/api/clock.ts';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig, writeKubeconfig } from './cluster/api/kubeconfig.ts';
import { TestNamespace } from './support/cluster-objects.ts';
import { newFolder } from './support/settings.ts';
import { SwallowingProxy } from './support/swallowing-proxy.ts';
import { until } from './support/until.ts';

const cluster = inject('cluster');
const access = readKubeconfig(cluster.kubeconfigPath);
const api = new ApiClient(access);
let space: TestNamespace;

beforeAll(async () => {
  space = await TestNamespace.create(api);
});
afterAll(() => api.close());

/** Timers that ring a hundred times as soon: what takes 23 s in earnest is over in a quarter of a second. */
const FASTER = 100;
const hurried: Timers = { after: (delayMs, run) => systemTimers.after(delayMs / FASTER, run) };

test('a watch whose bytes are swallowed is dead when its time is over, and nothing is missed', async () => {
  const { hostname, port } = new URL(access.server);
  await using proxy = await SwallowingProxy.start({ host: hostname, port: Number(port) });
  const folder = await newFolder();
  const kubeconfig = join(folder.path, 'kubeconfig');
  writeKubeconfig(kubeconfig, { ...access, server: `https://127.0.0.1:${proxy.port}` });
  const client = newKubeClient(connectionFrom(kubeconfig));
  const store = new Store<string>();
  const deaths: number[] = [];
  let swallowedAtMs = Number.POSITIVE_INFINITY;
  const informer = new Informer<string>({
    client,
    kind: {
      resource: resources.configMaps,
      labelSelector: 'fusebox.dev/config=true',
      keep: ({ metadata, data }) =>
        metadata.namespace === space.name ? String((data as Record<string, string>)['key']) : null,
    },
    store,
    onChange: () => {},
    clock,
    timers: hurried,
    random: Math.random,
    watcher: {
      listed: () => {},
      failed: () => {},
      recovered: () => {},
      watchDied: () => {
        if (clock.nowMs() > swallowedAtMs) deaths.push(clock.nowMs() - swallowedAtMs);
      },
    },
  });
  const running = informer.run();
  const value = (wanted: string): Promise<unknown> =>
    until(`the store says ${wanted}`, () => store.get(`${space.name}/watched`) === wanted);
  // The first may come with the list; the second comes by the watch.
  for (const key of ['first', 'before']) {
    await space.applyConfigMap('watched', { key });
    await value(key);
  }

  proxy.swallow();
  swallowedAtMs = clock.nowMs();
  await space.applyConfigMap('watched', { key: 'after' });
  await value('after');
  expect(deaths).not.toHaveLength(0);
  // 23 to 28 s in earnest; the machine may be slow.
  expect(deaths[0]! * FASTER).toBeLessThanOrEqual(60_000);

  informer.stop();
  await running;
  await client.close();
  await folder.remove();
});
