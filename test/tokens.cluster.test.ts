/** Tokens that look right and are not: each was good once, or would be in another cluster. None opens anything, and it is said why. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectionFrom } from '@fusebox/operator/kube/connection.ts';
import { newKubeClient } from '@fusebox/operator/kube/client.ts';
import { AUDIENCE } from '@fusebox/operator/publish/token-reviewer.ts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ApiClient, type Answer } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { TestNamespace } from './support/cluster-objects.ts';
import { snapshotOf, TestOperator } from './support/operator.ts';

const { kubeconfigPath } = inject('cluster');
const api = new ApiClient(readKubeconfig(kubeconfigPath));
const kube = newKubeClient(connectionFrom(kubeconfigPath));
/** What this cluster signs tokens with, where its files are ours. */
const SIGNING_KEY = join(dirname(kubeconfigPath), 'sa.key');

let space: TestNamespace;
let operator: TestOperator;
let good: string;

beforeAll(async () => {
  space = await TestNamespace.create(api);
  operator = await TestOperator.start({ review: (token) => kube.tokenReview(token, AUDIENCE) });
  const { metadata } = await space.createPod('users-1');
  operator.registry.publish(metadata.uid, snapshotOf({ unmatched: 'Refuse' }));
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'users-1', uid: metadata.uid };
  const spec = { audiences: [AUDIENCE], boundObjectRef };
  const { status } = await space.create('serviceaccounts/default/token', { spec });
  good = (status as unknown as { token: string }).token;
}, 60_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await kube.close();
  api.close();
});

async function ask(token: string, method: string, path: string): Promise<Answer> {
  const client = new ApiClient({ server: operator.url, ca: operator.certificates.current.bundle, token });
  try {
    return await client.call(method, path, method === 'POST' ? {} : undefined);
  } finally {
    client.close();
  }
}

/** The good token with other claims, signed again. */
function resigned(change: (claims: Record<string, unknown>) => object, key: KeyObject): string {
  const [head, claims] = good.split('.') as [string, string];
  const changed = { ...change(JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>) };
  const content = `${head}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
  const how = key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  return `${content}.${sign('sha256', Buffer.from(content), how).toString('base64url')}`;
}

const untouched = (claims: Record<string, unknown>): object => claims;
const hoursAgo = (hours: number): number => Math.floor(Date.now() / 1000) - hours * 3_600;
const expired = (claims: Record<string, unknown>): object => ({
  ...claims,
  iat: hoursAgo(2),
  nbf: hoursAgo(2),
  exp: hoursAgo(1),
});

async function expectRefused(token: string): Promise<void> {
  for (const [method, path] of [
    ['GET', '/v1/snapshot'],
    ['POST', '/v1/report'],
  ] as const) {
    const { status, body } = await ask(token, method, path);
    expect([path, status]).toEqual([path, 401]);
    expect(JSON.stringify(body)).not.toContain('sha256:');
  }
}

test('the good one is let in', async () => {
  expect((await ask(good, 'POST', '/v1/report')).status).toBe(400);
});

test('signed with a key that is not the cluster’s it is refused', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await expectRefused(resigned(untouched, privateKey));
});

test('cut short, or with words in its place, it is refused', async () => {
  await expectRefused(good.slice(0, -8));
  await expectRefused('no-token-at-all');
});

describe.skipIf(!existsSync(SIGNING_KEY))('signed by the cluster itself', () => {
  const key = (): KeyObject => createPrivateKey(readFileSync(SIGNING_KEY));

  test('it is let in: so what follows is refused for what it says', async () => {
    const again = resigned((claims) => ({ ...claims, jti: 'another' }), key());
    expect((await ask(again, 'POST', '/v1/report')).status).toBe(400);
  });

  test('an expired one is refused', () => expectRefused(resigned(expired, key())));

  test('one that holds from tomorrow on is refused', () =>
    expectRefused(resigned((claims) => ({ ...claims, nbf: hoursAgo(-24), exp: hoursAgo(-25) }), key())));

  test('one of another issuer is refused', () =>
    expectRefused(resigned((claims) => ({ ...claims, iss: 'https://elsewhere.example' }), key())));

  test('one for another audience is refused', () =>
    expectRefused(resigned((claims) => ({ ...claims, aud: ['vault'] }), key())));

  test('one of a pod that has another UID now is refused', () =>
    expectRefused(
      resigned((claims) => {
        const bound = claims['kubernetes.io'] as { pod: object };
        const pod = { ...bound.pod, uid: '00000000-0000-4000-8000-000000000000' };
        return { ...claims, 'kubernetes.io': { ...bound, pod } };
      }, key()),
    ));
});
