/** What publishing needs of a real API server: who a token belongs to, a Secret that replicas agree on, and calls to the webhook. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { newKubeClient } from '@fusebox/operator/kube/client.ts';
import { newMemoryKeeper } from '@fusebox/operator/pki/authority-keeper.ts';
import { Certificates } from '@fusebox/operator/pki/certificates.ts';
import { newSecretKeeper } from '@fusebox/operator/pki/secret-keeper.ts';
import { startPublishing } from '@fusebox/operator/publish/io/start-publishing.ts';
import { PodRegistry } from '@fusebox/operator/publish/publisher.ts';
import { AUDIENCE } from '@fusebox/operator/publish/token-reviewer.ts';
import { startWebhookServer, VALIDATE_PATH } from '@fusebox/operator/webhook/server.ts';
import { FakeClock } from '@fusebox/api/testing/fake-clock.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { systemClock as clock, systemTimers } from '@fusebox/runtime/system-clock.ts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ApiClient, type Answer } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { statusOf } from './support/message.ts';
import { snapshotOf, TestOperator } from './support/operator.ts';
import { ask, get } from './support/peer.ts';
import { startService } from './support/scripted-service.ts';
import { newFolder } from './support/settings.ts';
import { startSidecar } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

const cluster = inject('cluster');
const api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
const kube = newKubeClient(connectionFrom(cluster.kubeconfigPath));
const namespace = `test-${randomBytes(4).toString('hex')}`;
const inNamespace = `/api/v1/namespaces/${namespace}`;
const webhooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

async function created<T = unknown>(path: string, body: object): Promise<T> {
  const answer = await api.call('POST', path, body);
  expect(answer, path).toMatchObject({ status: 201 });
  return answer.body as T;
}

interface Pod {
  metadata: { name: string; uid: string };
}

async function newPod(name: string): Promise<Pod> {
  const spec = { serviceAccountName: 'users', containers: [{ name: 'app', image: 'none.invalid/app' }] };
  return created<Pod>(`${inNamespace}/pods`, { metadata: { name }, spec });
}

/** A token of the ServiceAccount `users`, as the kubelet would put it into this pod. */
async function tokenFor(pod: Pod | null, audience = AUDIENCE): Promise<string> {
  const boundObjectRef =
    pod === null ? {} : { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod.metadata, name: pod.metadata.name } };
  const spec = { audiences: [audience], expirationSeconds: 600, ...boundObjectRef };
  const { status } = await created<{ status: { token: string } }>(`${inNamespace}/serviceaccounts/users/token`, {
    spec,
  });
  return status.token;
}

beforeAll(async () => {
  await created('/api/v1/namespaces', { metadata: { name: namespace } });
  await created(`${inNamespace}/serviceaccounts`, { metadata: { name: 'users' } });
});

afterAll(async () => {
  await api.call('DELETE', `${webhooks}/${namespace}`);
  await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  api.close();
  await kube.close();
});

const startOperator = () => TestOperator.start({ review: (token) => kube.tokenReview(token, AUDIENCE) });

describe('a sidecar with the token of its pod', () => {
  test('gets the snapshot of that pod, and of no other', async () => {
    const [pod, other] = [await newPod('users-0'), await newPod('users-1')];
    await using operator = await startOperator();
    const service = await startService();
    const tokenPath = await operator.writeToken(await tokenFor(pod));
    operator.registry.publish(other.metadata.uid, snapshotOf({ defaults: { timeout: '9s' } }));
    operator.registry.publish(pod.metadata.uid, snapshotOf({ unmatched: 'Refuse' }));
    const flags = ['--operator', operator.url, '--token', tokenPath, '--ca', operator.caPath];
    await using sidecar = await startSidecar({ upstream: service.port, flags });
    expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(404);
    await until('it is acknowledged', () => operator.registry.acked(pod.metadata.uid));
    expect(operator.registry.acked(pod.metadata.uid)?.pod).toEqual({
      namespace,
      name: 'users-0',
      uid: pod.metadata.uid,
    });
    expect(operator.registry.acked(other.metadata.uid)).toBeNull();
    await service.close();
  });

  test('is refused when the pod has gone', async () => {
    const pod = await newPod('users-2');
    await using operator = await startOperator();
    const token = await tokenFor(pod);
    await api.call('DELETE', `${inNamespace}/pods/users-2?gracePeriodSeconds=0`);
    expect((await call(operator, token)).status).toBe(401);
  });
});

/** Sends an empty report by this token: 400 when it was let in. */
async function call(operator: TestOperator, token: string): Promise<Answer> {
  const client = new ApiClient({ server: operator.url, ca: operator.certificates.current.bundle, token });
  const answer = await client.call('POST', '/v1/report', {});
  client.close();
  return answer;
}

test('forged, foreign and unbound tokens are refused, and it is said why', async () => {
  const pod = await newPod('users-3');
  await using operator = await startOperator();
  const good = await tokenFor(pod);
  expect((await call(operator, good)).status).toBe(400);
  const [head, claims, signature] = good.split('.');
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims!, 'base64url').toString()), sub: 'x' }));
  expect((await call(operator, `${head}.${forged.toString('base64url')}.${signature}`)).status).toBe(401);
  const foreign = await call(operator, await tokenFor(pod, 'https://kubernetes.default.svc'));
  expect(foreign).toMatchObject({ status: 401, body: expect.stringContaining('not for the audience') });
  const unbound = await call(operator, await tokenFor(null));
  expect(unbound).toMatchObject({
    status: 403,
    body: expect.stringContaining(`system:serviceaccount:${namespace}:users is bound to no pod`),
  });
});

test('replicas agree on authorities through a Secret, also through a rotation', async () => {
  const time = new FakeClock(clock.wallMs());
  const day = 24 * 3_600_000;
  const lifetimes = { authorityMs: 90 * day, certificateMs: 9 * day, overlapMs: day };
  const begin = () =>
    Certificates.begin({ keeper: newSecretKeeper(kube, namespace), clock: time, lifetimes, hosts: ['localhost'] });
  const replicas = await Promise.all([begin(), begin(), begin()]);
  const bundles = (): Set<string> => new Set(replicas.map(({ current }) => current.bundle));
  expect(bundles().size).toBe(1);
  time.advance(61 * day);
  await Promise.all(replicas.map((replica) => replica.check()));
  expect(bundles().size).toBe(1);
  expect([...bundles()][0]!.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  await api.call('DELETE', `${inNamespace}/secrets/fusebox-ca`);
  await Promise.all(replicas.map((replica) => replica.check()));
  expect(await begin().then(({ current }) => current.bundle)).toBe([...bundles()][0]);
});

test('a sidecar that trusts one replica obeys every replica', async () => {
  const pod = await newPod('users-4');
  const service = await startService();
  const folder = await newFolder();
  const start = async () => {
    const registry = new PodRegistry({ changed: () => {} });
    const keeper = newSecretKeeper(kube, namespace);
    const certificates = await Certificates.begin({ keeper, clock, hosts: ['127.0.0.1'] });
    const publishing = await startPublishing({
      kube,
      certificates,
      serve: { host: '127.0.0.1', port: 0 },
      webhook: { host: '127.0.0.1', port: 0 },
      registry,
      caches: { revision: () => '', waitFor: async () => true },
      metrics: new MetricsRegistry(),
      log: newLogger({ level: 'warn', wallMs: clock.wallMs }),
      clock,
      timers: systemTimers,
    });
    return { registry, publishing, certificates };
  };
  const [one, other] = [await start(), await start()];
  const files = { token: join(folder.path, 'token'), ca: join(folder.path, 'ca.crt') };
  await writeFile(files.token, await tokenFor(pod));
  await writeFile(files.ca, one.certificates.current.bundle);
  other.registry.publish(pod.metadata.uid, snapshotOf({ unmatched: 'Refuse' }));
  const url = `https://127.0.0.1:${other.publishing.port}`;
  const flags = ['--operator', url, '--token', files.token, '--ca', files.ca];
  await using sidecar = await startSidecar({ upstream: service.port, flags });
  expect(statusOf(await ask(sidecar.inbound, get('/')))).toBe(404);
  expect(other.publishing.webhookPort).toBeGreaterThan(0);
  await Promise.all([one.publishing.close(), other.publishing.close(), service.close()]);
  await folder.remove();
});

// The API server must reach this process: it does where it is one of ours, on loopback.
test.skipIf(cluster.kind !== 'built' && cluster.kind !== 'envtest')(
  'a bad edit of a labelled ConfigMap is refused by the API server, with path and value',
  async () => {
    const certificates = await Certificates.begin({ keeper: newMemoryKeeper(), clock, hosts: ['127.0.0.1'] });
    const server = await startWebhookServer({ host: '127.0.0.1', port: 0, certificates });
    await created(webhooks, {
      metadata: { name: namespace },
      webhooks: [
        {
          name: 'validate.fusebox.dev',
          clientConfig: {
            url: `https://127.0.0.1:${server.port}${VALIDATE_PATH}`,
            caBundle: Buffer.from(certificates.current.bundle).toString('base64'),
          },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
          ],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          objectSelector: { matchLabels: { 'fusebox.dev/config': 'true' } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    const configMap = (timeout: string) => ({
      metadata: { name: 'users', labels: { 'fusebox.dev/config': 'true' } },
      data: { 'policy.yaml': `inbound: {defaults: {timeout: ${timeout}}}` },
    });
    // The API server takes up a webhook a moment after it was written.
    const refused = await until('the webhook is asked', async () => {
      const answer = await api.call('POST', `${inNamespace}/configmaps?dryRun=All`, configMap('soon'));
      return answer.status === 201 ? null : answer;
    });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        message: expect.stringContaining('data["policy.yaml"].inbound.defaults.timeout: "soon" is not a duration'),
      },
    });
    await created(`${inNamespace}/configmaps`, configMap('2s'));
    await api.call('DELETE', `${webhooks}/${namespace}`);
    await server.close();
  },
);
