import { X509Certificate } from 'node:crypto';
import { GROUP, RESOURCE_NAMES, VERSION_ANNOTATION } from '@fusebox/api/names.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { expect, test } from 'vitest';
import { ClusterError } from '../kube/cluster.ts';
import { forbidden, plainCluster } from '../testing/plain-cluster.ts';
import { check } from './check.ts';

/** Of nobody: the key was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUNd2186HV0wssFAiHpRlbNGrKwDkwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjQyMTUyMzRaFw0yNjEyMjQyMTUyMzRa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARPcBcO
5Oxk64yhU79x0l8zUu/SqI5PbzHotPiPhXPuD6I5G5pVxoD44g9E62pFy5WrR+o8
SibLYXiyAQgIUlx7o1MwUTAdBgNVHQ4EFgQUQfc3Um/UpqnZ9aJfzRMjrigZOcgw
HwYDVR0jBBgwFoAUQfc3Um/UpqnZ9aJfzRMjrigZOcgwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEA7fINPg9a8Xreuva1ZDPt+CQlpkK5ifBQEye/
HH2lj04CIGv0s+U8ob//C8hIw/QvI7bTz/Zy4WYxxn5LsQD4+VVd
-----END CERTIFICATE-----`;
const endMs = new X509Certificate(CERTIFICATE).validToDate.getTime();
const DAY_MS = 86_400_000;
/** 2026-12-04T09:52:34Z */
const nowMs = endMs - 20.5 * DAY_MS;

const definitionPath = (plural: string): string =>
  `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${GROUP}`;
const definition = (version: string, served = true): object => ({
  metadata: { annotations: { [VERSION_ANNOTATION]: version } },
  spec: { versions: [{ name: 'v1alpha1', served }] },
  status: { conditions: [{ type: 'Established', status: 'True' }] },
});
const SERVER = '/version';
const ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const APP = 'labelSelector=app.kubernetes.io%2Fname%3Dfusebox';
const DEPLOYMENTS = `/apis/apps/v1/deployments?${APP}%2Capp.kubernetes.io%2Fcomponent%3Doperator`;
const LEASES = '/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3Dfusebox-operator';
const WEBHOOKS = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?${APP}`;

const deployment = (readyReplicas: number, namespace = 'fusebox'): object => ({
  metadata: { namespace, name: 'fusebox-operator' },
  spec: { replicas: 2 },
  status: { readyReplicas },
});
const webhook = (pem: string): object => ({
  items: [
    {
      metadata: { name: 'fusebox' },
      webhooks: [{ name: 'inject.fusebox.dev', clientConfig: { caBundle: Buffer.from(pem).toString('base64') } }],
    },
  ],
});

const healthy: Record<string, unknown> = {
  [SERVER]: { major: '1', minor: '34', gitVersion: 'v1.34.4' },
  ...Object.fromEntries(
    Object.values(RESOURCE_NAMES).map(({ plural }) => [definitionPath(plural), definition(PRODUCT_VERSION)]),
  ),
  [ACCESS]: { status: { allowed: true } },
  [DEPLOYMENTS]: { items: [deployment(2)] },
  [LEASES]: {
    items: [
      {
        metadata: { namespace: 'fusebox' },
        spec: {
          holderIdentity: 'fusebox-operator-1',
          leaseDurationSeconds: 15,
          renewTime: '2026-12-04T09:52:31.123456Z',
        },
      },
    ],
  },
  [WEBHOOKS]: webhook(CERTIFICATE),
};

const run = (answers: Record<string, unknown>) =>
  check(plainCluster({ ...healthy, ...answers }), { namespace: null, output: 'table' }, nowMs);

test('a cluster that has everything', async () => {
  const { exit, text } = await run({});
  expect(exit).toBe(0);
  expect(text.split('\n')).toEqual([
    'ok  API server                           v1.34.4 at https://plain.invalid',
    `ok  kind resiliencepolicies.fusebox.dev  of ${PRODUCT_VERSION}`,
    `ok  kind featureflagsets.fusebox.dev     of ${PRODUCT_VERSION}`,
    `ok  kind sidecarprofiles.fusebox.dev     of ${PRODUCT_VERSION}`,
    `ok  kind liveconfigs.fusebox.dev         of ${PRODUCT_VERSION}`,
    'ok  your permissions in shop             enough to edit policies and to see what became of them',
    'ok  operator                             fusebox/fusebox-operator: 2 of 2 replicas ready',
    "ok  operator's leader                    fusebox-operator-1",
    'ok  webhook fusebox inject.fusebox.dev   its authority is good for 20 days',
    '',
  ]);
});

const RP = definitionPath('resiliencepolicies');
const expired = (daysAgo: number): number => endMs + daysAgo * DAY_MS;

test.each<[what: string, answers: Record<string, unknown>, state: string, detail: string, advice: string]>([
  [
    'an old server',
    { [SERVER]: { major: '1', minor: '32+', gitVersion: 'v1.32.1' } },
    'warning',
    'v1.32.1',
    'Redirect',
  ],
  [
    'a server without native sidecars',
    { [SERVER]: { major: '1', minor: '28', gitVersion: 'v1.28.15' } },
    'failed',
    'v1.28.15',
    'need Kubernetes 1.30',
  ],
  ['a missing kind', { [RP]: null }, 'failed', 'is not installed', 'kubectl apply --server-side -f crds/'],
  ['another version', { [RP]: definition('0.0.9') }, 'warning', 'of 0.0.9; this kubectl-fusebox', 'use one version'],
  ['a kind not served', { [RP]: definition(PRODUCT_VERSION, false) }, 'failed', 'does not serve v1alpha1', 'install'],
  ['a kind one may not see', { [RP]: forbidden }, 'warning', 'could not be looked at', 'ask somebody'],
  [
    'few permissions',
    { [ACCESS]: { status: { allowed: false } } },
    'warning',
    'you may not get resiliencepol',
    'a role',
  ],
  ['no operator', { [DEPLOYMENTS]: { items: [] } }, 'failed', 'no Deployment', 'install the chart'],
  [
    'no replica',
    { [DEPLOYMENTS]: { items: [deployment(0)] } },
    'failed',
    '0 of 2 replicas ready',
    'describe deployment',
  ],
  [
    'two operators',
    { [DEPLOYMENTS]: { items: [deployment(1), deployment(1, 'b')] } },
    'failed',
    'several',
    'all but one',
  ],
  ['no leader', { [LEASES]: { items: [] } }, 'failed', 'there is none', 'nobody writes status'],
  [
    'a leader that is silent',
    {
      [LEASES]: {
        items: [{ spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00Z' } }],
      },
    },
    'failed',
    'a has not renewed its Lease since 2020',
    'reach the API server',
  ],
  ['no webhooks', { [WEBHOOKS]: { items: [] } }, 'warning', 'there are none', 'no pod is injected'],
  ['no bundle', { [WEBHOOKS]: webhook('') }, 'failed', 'has no caBundle', 'operator writes it'],
  ['a bad bundle', { [WEBHOOKS]: webhook('x') }, 'failed', 'holds no certificates', 'renews it'],
])('%s is told, with what to do', async (_what, answers, state, detail, advice) => {
  const { exit, text } = await run(answers);
  expect(exit).toBe(state === 'failed' ? 1 : 0);
  const line = text.split('\n').find((one) => one.startsWith(state)) ?? '';
  expect(line).toContain(detail);
  expect(text.split('\n\n')[1]).toContain(advice);
});

test.each([
  [expired(1.5), 1, 'its authority expired 2 days ago'],
  [expired(-3.5), 0, 'its authority is good for 3 days'],
])('an authority that ends or has ended is told', async (now, exit, words) => {
  const leases = { items: [{ spec: { holderIdentity: 'a', renewTime: '2027-01-01T00:00:00Z' } }] };
  const cluster = plainCluster({ ...healthy, [LEASES]: leases });
  const outcome = await check(cluster, { namespace: null, output: 'json' }, now);
  expect(outcome.exit).toBe(exit);
  const { findings } = JSON.parse(outcome.text) as { findings: { detail: string; advice: string }[] };
  expect(findings.at(-1)).toMatchObject({ detail: words, advice: expect.stringContaining('renews it') });
});

test('the newest of several authorities counts', async () => {
  expect(await run({ [WEBHOOKS]: webhook(`${CERTIFICATE}\n${CERTIFICATE}\n`) })).toMatchObject({ exit: 0 });
});

test('without an API server there is nothing to tell', async () => {
  const gone = new ClusterError('unavailable', 'connection refused');
  await expect(run({ [SERVER]: gone })).rejects.toThrow(gone);
  await expect(run({ [LEASES]: gone })).rejects.toThrow(gone);
});
