/** News as Events of the real API server. */
import { randomBytes } from 'node:crypto';
import { newKubeClient } from '@fusebox/operator/kube/client.ts';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { Events } from '@fusebox/operator/news/events.ts';
import type { News } from '@fusebox/operator/news/news.ts';
import { systemClock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { until } from './support/until.ts';

const { kubeconfigPath } = inject('cluster');
const api = new ApiClient(readKubeconfig(kubeconfigPath));
const namespace = `events-${randomBytes(4).toString('hex')}`;
const client = newKubeClient(connectionFrom(kubeconfigPath));
const faults: unknown[] = [];
const log = {
  debug: (_: string, fields?: object) => faults.push(fields),
  info: () => {},
  warn: () => {},
  error: () => {},
};
const events = new Events({ client, replica: 'operator-1', clock: systemClock, timers: systemTimers, log });

beforeAll(() => api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } }));
afterAll(async () => {
  events.stop();
  await client.close();
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

const newsOf = (uid: string, more: Partial<News> = {}): News => ({
  about: { apiVersion: 'v1', kind: 'Pod', namespace, name: 'users-1', uid },
  type: 'Warning',
  reason: 'CircuitOpened',
  action: 'Open',
  note: 'the circuit of user opened in pod users-1',
  ...more,
});

interface Shown {
  count?: number;
  message: string;
  involvedObject: { uid: string };
  series?: { count: number };
}

/** As `kubectl describe pod` finds them: by the older form of the API, and by the object they are about. */
async function shown(uid: string): Promise<Shown[]> {
  const query = `fieldSelector=involvedObject.uid%3D${uid}`;
  const { body } = await api.call('GET', `/api/v1/namespaces/${namespace}/events?${query}`);
  return (body as { items: Shown[] }).items;
}

test('the API server takes an Event, and shows it with its object', async () => {
  events.tell(newsOf('one'));
  await until('it is there', async () => (await shown('one')).length === 1);
  expect(await shown('one')).toMatchObject([
    {
      type: 'Warning',
      reason: 'CircuitOpened',
      action: 'Open',
      message: 'the circuit of user opened in pod users-1',
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: 'users-1', uid: 'one' },
      reportingComponent: 'fusebox.dev/operator',
      reportingInstance: 'operator-1',
    },
  ]);
  expect(faults).toEqual([]);
});

test('the same again is counted in the same Event', async () => {
  for (let count = 1; count <= 3; count += 1) {
    events.tell(newsOf('again'));
    await until('it is counted', async () => {
      const [event] = await shown('again');
      return event !== undefined && (event.series?.count ?? 1) === count;
    });
  }
  expect(await shown('again')).toHaveLength(1);
  expect(faults).toEqual([]);
});

test('an object gets ten Events at once, and no more', async () => {
  for (let count = 1; count <= 14; count += 1) {
    events.tell(newsOf('busy', { reason: `Reason${count}` }));
  }
  await until('ten are there', async () => (await shown('busy')).length === 10);
  expect(faults).toEqual([]);
});

test('the longest note and name are taken', async () => {
  const about = { ...newsOf('long').about, name: 'n'.repeat(253) };
  events.tell(newsOf('long', { about, note: 'ü'.repeat(2_000) }));
  await until('it is there', async () => (await shown('long')).length === 1);
  expect(faults).toEqual([]);
});
