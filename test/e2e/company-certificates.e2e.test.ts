/** The operator with the certificates of a company: a Secret that is made by hand, and renewed by another authority while all runs. */
import { type Authority, newAuthority } from '@fusebox/operator/pki/authority.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { installFusebox, OPERATOR_NAMESPACE, upgradeFusebox } from './charts.ts';
import { kubectl } from './commands.ts';

const SPACE = 'company';
const SECRET = 'company-tls';
const IMAGE = 'ghcr.io/fusebox/sample-service:0.1.0';

const here = (...args: string[]): Promise<string> => kubectl(['-n', SPACE, ...args]);
const apply = (namespace: string, object: object): Promise<string> =>
  kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(object));
const company = (): Authority => newAuthority('company', Date.now());

async function applySecret(authority: Authority): Promise<void> {
  const hosts = [`fusebox-operator.${OPERATOR_NAMESPACE}.svc`];
  const { certificate, key } = authority.issue({ name: 'operator', hosts });
  await apply(OPERATOR_NAMESPACE, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.own.certificate },
  });
}

const SERVICE = "require('node:http').createServer((_, answer) => answer.end('hello')).listen(8080)";

function deployment(): object {
  const labels = { app: 'hello', 'fusebox.dev/inject': 'true' };
  const container = {
    name: 'hello',
    image: IMAGE,
    command: ['/nodejs/bin/node', '-e', SERVICE],
    ports: [{ name: 'http', containerPort: 8080 }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'hello' },
    spec: {
      selector: { matchLabels: { app: 'hello' } },
      template: { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 5 } },
    },
  };
}

/** Whoever obeys this has a token, a connection, and trust in the operator. */
async function edit(turn: number): Promise<void> {
  await apply(SPACE, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'hello-config',
      labels: { 'fusebox.dev/config': 'true' },
      annotations: { 'fusebox.dev/target': 'deployment/hello' },
    },
    data: { turn: String(turn) },
  });
}

const inForce = (): Promise<string> =>
  here('wait', '--for=condition=Programmed', 'liveconfig/hello-config', '--timeout=150s');

/** The kubelet looks at the Secrets of a pod when the pod changes; else within a minute or two. */
const poke = (namespace: string): Promise<string> =>
  kubectl(['-n', namespace, 'annotate', 'pods', '--all', '--overwrite', `tests/poked=${Date.now()}`]);

async function trusted(): Promise<string> {
  const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
  const bundle = await kubectl(['get', 'mutatingwebhookconfiguration/fusebox', '-o', path]);
  return Buffer.from(bundle, 'base64').toString();
}

let first: Authority;

beforeAll(async () => {
  first = company();
  await installFusebox();
  await applySecret(first);
  await upgradeFusebox([`certificates.secret=${SECRET}`]);
  await kubectl(['create', 'namespace', SPACE]);
}, 240_000);

afterAll(async () => {
  await kubectl(['delete', 'namespace', SPACE, '--timeout=90s']);
  await upgradeFusebox([]);
}, 240_000);

test('pods are injected, and obey, by the certificates of the company', async () => {
  await until('the API server trusts the company', async () => (await trusted()) === first.own.certificate, 60_000);
  await apply(SPACE, deployment());
  await here('rollout', 'status', 'deployment/hello', '--timeout=120s');
  await edit(1);
  await inForce();
  const bundle = await here('get', 'configmap/fusebox-ca', '-o', String.raw`jsonpath={.data.ca\.crt}`);
  expect(bundle).toBe(first.own.certificate);
}, 240_000);

test('another authority takes over, and nothing has to be made anew', async () => {
  const next = company();
  await applySecret(next);
  await poke(OPERATOR_NAMESPACE);
  const both = next.own.certificate + first.own.certificate;
  await until('the API server trusts both', async () => (await trusted()) === both, 150_000);
  await poke(SPACE);
  await edit(2);
  await inForce();
  await here('rollout', 'restart', 'deployment/hello');
  await here('rollout', 'status', 'deployment/hello', '--timeout=120s');
  await edit(3);
  await inForce();
  const path = 'jsonpath={range .items[*]}{.status.containerStatuses[*].restartCount}{end}';
  const restarts = await kubectl(['-n', OPERATOR_NAMESPACE, 'get', 'pods', '-o', path]);
  expect(restarts).toMatch(/^0+$/);
}, 400_000);
