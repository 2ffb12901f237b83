import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { until } from '../support/until.ts';
import { ApiClient } from './api/api-client.ts';
import { readKubeconfig } from './api/kubeconfig.ts';

const cluster = inject('cluster');
const access = readKubeconfig(cluster.kubeconfigPath);
const api = new ApiClient(access);
const PATIENCE_MS = 60_000;

const namespace = `test-${randomBytes(4).toString('hex')}`;
const inNamespace = `/api/v1/namespaces/${namespace}`;
const status = async (path: string): Promise<number> => (await api.call('GET', path)).status;

async function created<T = unknown>(path: string, body: object): Promise<T> {
  const answer = await api.call('POST', path, body);
  expect(answer, path).toMatchObject({ status: 201 });
  return answer.body as T;
}

interface ConfigMap {
  metadata: { name: string; uid: string; resourceVersion: string };
}
const newConfigMap = (name: string, more: object = {}): Promise<ConfigMap> =>
  created<ConfigMap>(`${inNamespace}/configmaps`, { metadata: { name, ...more }, data: { key: 'before' } });

beforeAll(() => created('/api/v1/namespaces', { metadata: { name: namespace } }));

afterAll(async () => {
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
});

test('the API server is on loopback, and lets nobody in without credentials', async () => {
  if (cluster.kind !== 'existing') expect(new URL(cluster.server).hostname).toBe('127.0.0.1');
  const stranger = new ApiClient({ server: access.server, ca: access.ca });
  expect((await stranger.call('GET', inNamespace)).status).toBe(403);
  stranger.close();
});

test('a custom resource is refused where its CEL rule says no, with the message of the rule', async () => {
  const group = `${namespace}.example.com`;
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: { low: { type: 'integer' }, high: { type: 'integer' } },
        'x-kubernetes-validations': [
          { rule: 'self.low <= self.high', message: 'low must not be above high' },
          { rule: 'self.high >= oldSelf.high', message: 'high never falls' },
        ],
      },
    },
  };
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await created(definitions, {
    metadata: { name: `ranges.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Range', plural: 'ranges', singular: 'range' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
  const ranges = `/apis/${group}/v1/namespaces/${namespace}/ranges`;
  await until('the kind is served', async () => (await status(ranges)) === 200, PATIENCE_MS);

  const range = (low: number, high: number): object => ({
    apiVersion: `${group}/v1`,
    kind: 'Range',
    metadata: { name: 'one' },
    spec: { low, high },
  });
  const refused = await api.call('POST', ranges, range(2, 1));
  expect(refused).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('low must not be above high') },
  });
  await created(ranges, range(1, 5));
  const fallen = await api.call('PATCH', `${ranges}/one`, { spec: { high: 4 } }, 'application/merge-patch+json');
  expect(fallen).toMatchObject({ status: 422, body: { message: expect.stringContaining('high never falls') } });
  await api.call('DELETE', `${definitions}/ranges.${group}`);
});

test('a watch tells of the edit of a ConfigMap', async () => {
  const { metadata } = await newConfigMap('watched');
  const query = `watch=true&fieldSelector=metadata.name%3Dwatched&resourceVersion=${metadata.resourceVersion}`;
  const changes = api.watch(`${inNamespace}/configmaps?${query}`);
  const next = changes.next();
  const patch = { data: { key: 'after' } };
  await api.call('PATCH', `${inNamespace}/configmaps/watched`, patch, 'application/merge-patch+json');
  expect((await next).value).toMatchObject({ type: 'MODIFIED', object: { metadata: { name: 'watched' }, ...patch } });
  await changes.return(undefined);
});

test('a token for one audience is good for that audience only', async () => {
  await created(`${inNamespace}/serviceaccounts`, { metadata: { name: 'caller' } });
  const requested = await created<{ status: { token: string } }>(`${inNamespace}/serviceaccounts/caller/token`, {
    spec: { audiences: ['fusebox'], expirationSeconds: 600 },
  });
  const review = async (audience: string): Promise<unknown> => {
    const spec = { token: requested.status.token, audiences: [audience] };
    return (await created<{ status: unknown }>('/apis/authentication.k8s.io/v1/tokenreviews', { spec })).status;
  };
  expect(await review('fusebox')).toMatchObject({
    authenticated: true,
    user: { username: `system:serviceaccount:${namespace}:caller` },
    audiences: ['fusebox'],
  });
  expect(await review('somebody-else')).not.toHaveProperty('authenticated', true);
});

test('a token of a ServiceAccount without a role reads nothing', async () => {
  await created(`${inNamespace}/serviceaccounts`, { metadata: { name: 'poor' } });
  const { status: granted } = await created<{ status: { token: string } }>(
    `${inNamespace}/serviceaccounts/poor/token`,
    {},
  );
  const poor = new ApiClient({ server: access.server, ca: access.ca, token: granted.token });
  expect(await poor.call('GET', `${inNamespace}/configmaps`)).toMatchObject({
    status: 403,
    body: { reason: 'Forbidden' },
  });
  poor.close();
});

test.skipIf(!cluster.hasControllerManager)(
  'what a deleted object owned goes with it (controller-manager)',
  async () => {
    const { metadata } = await newConfigMap('owner');
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid }];
    await newConfigMap('owned', { ownerReferences });
    await api.call('DELETE', `${inNamespace}/configmaps/owner`);
    await until('it is collected', async () => (await status(`${inNamespace}/configmaps/owned`)) === 404, PATIENCE_MS);
  },
  90_000,
);

test.skipIf(!cluster.hasControllerManager)(
  'a pod gets its default ServiceAccount (controller-manager)',
  async () => {
    const account = `${inNamespace}/serviceaccounts/default`;
    await until('the account is there', async () => (await status(account)) === 200, PATIENCE_MS);
    const spec = { containers: [{ name: 'app', image: 'none.invalid/app' }] };
    const pod = await created(`${inNamespace}/pods`, { metadata: { name: 'app' }, spec });
    expect(pod).toMatchObject({ spec: { serviceAccountName: 'default' } });
  },
  90_000,
);
