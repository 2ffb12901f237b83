/** Injected pods that really run: traffic that is redirected, what the kubelet does meanwhile, and Jobs that end. */
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { helm, kubectl, object } from './commands.ts';

const SPACE = 'injected';
const NODE = '/nodejs/bin/node';
/** An image with Node is all that a service needs here. */
const IMAGE = `ghcr.io/fusebox/sidecar:${PRODUCT_VERSION}`;

/** Answers everything, and counts what the kubelet asks. */
const SERVICE = `
  let probes = 0;
  require('node:http').createServer((request, response) => {
    if (request.url === '/live') probes += 1;
    response.end(String(probes));
  }).listen(8080);
`;

const namespace = (labels: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: SPACE, labels },
});

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'numbered', namespace: SPACE },
  spec: {
    selector: { matchLabels: { app: 'numbered' } },
    template: {
      metadata: { labels: { app: 'numbered' } },
      spec: {
        containers: [
          {
            name: 'service',
            image: IMAGE,
            command: [NODE, '-e', SERVICE],
            ports: [{ containerPort: 8080 }],
            // One refusal would be enough for a restart.
            livenessProbe: { httpGet: { path: '/live', port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
            readinessProbe: { httpGet: { path: '/live', port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
          },
        ],
      },
    },
  },
};

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'numbered', namespace: SPACE },
  spec: { selector: { app: 'numbered' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

/** Calls the Service from inside the cluster: a port that is forwarded would lead past a redirect. */
const visitor = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'visitor', namespace: SPACE, labels: { 'fusebox.dev/inject': 'false' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'visitor', image: IMAGE, command: [NODE, '-e', 'setInterval(() => {}, 1e6)'] }],
  },
};

/** What a program prints in a container of a pod. */
const printed = (pod: string, container: string, program: string): Promise<string> =>
  kubectl(['-n', SPACE, 'exec', pod, '-c', container, '--', NODE, '-e', program]);

/** The fields of an answer, as the visitor sees it. */
async function visit(): Promise<Record<string, string>> {
  const url = `http://numbered.${SPACE}.svc/users`;
  const program = `fetch('${url}').then(({ headers }) => console.log(JSON.stringify(Object.fromEntries(headers))))`;
  return JSON.parse(await printed('visitor', 'visitor', program)) as Record<string, string>;
}

const ours = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'fusebox.dev/v1alpha1',
  kind,
  metadata: { name, namespace: SPACE },
  spec,
});

const apply = (...objects: object[]): Promise<string> =>
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

/** Of the only pod. */
async function podStatus(): Promise<{ name: string; ready: boolean; restarts: number }> {
  const { items } = await object<{
    items: { metadata: { name: string }; status: { containerStatuses: { ready: boolean; restartCount: number }[] } }[];
  }>('-n', SPACE, 'pods', '-l', 'app=numbered');
  const { metadata, status } = items[0]!;
  const [own] = status.containerStatuses;
  return { name: metadata.name, ready: own!.ready, restarts: own!.restartCount };
}

/** Probes that have reached the service (count), asked for past the sidecar. */
async function probes(pod: string): Promise<number> {
  const program = `fetch('http://127.0.0.1:8080/').then((answer) => answer.text()).then(console.log)`;
  return Number(await printed(pod, 'service', program));
}

beforeAll(async () => {
  await helm(['upgrade', '--install', 'fusebox-crds', 'charts/fusebox-crds']);
  const place = ['--namespace', 'fusebox', '--create-namespace'];
  await helm(['upgrade', '--install', 'fusebox', 'charts/fusebox', ...place, '--wait', '--timeout', '90s']);
  await apply(namespace({ 'fusebox.dev/inject': 'true' }));
}, 180_000);

// Other tests of this cluster need the room.
afterAll(() => kubectl(['delete', 'namespace', SPACE, '--wait=false', '--ignore-not-found']));

test('a redirected pod obeys, and the kubelet leaves it alone while its circuit is open', async () => {
  await apply(ours('SidecarProfile', 'redirected', { interception: 'Redirect' }));
  await kubectl(['-n', SPACE, 'wait', '--for=condition=Accepted', 'scp/redirected', '--timeout=30s']);
  await apply(deployment, service, visitor);
  await kubectl(['-n', SPACE, 'rollout', 'status', 'deployment/numbered', '--timeout=90s']);
  await kubectl(['-n', SPACE, 'wait', '--for=condition=Ready', 'pod/visitor', '--timeout=60s']);
  expect((await visit())['via']).toContain('fusebox');

  await apply(ours('ResiliencePolicy', 'numbered', { inbound: { defaults: { circuitBreaker: { forced: 'Open' } } } }));
  const isOpen = async (): Promise<boolean> => (await visit())['fusebox-reason'] === 'circuit-open';
  await until('the circuit is open', isOpen, 30_000);
  const { name } = await podStatus();
  const before = await probes(name);
  await until('the kubelet has asked ten times more', async () => (await probes(name)) >= before + 10, 60_000);
  expect(await podStatus()).toEqual({ name, ready: true, restarts: 0 });
  const degraded = '--for=jsonpath={.status.conditions[?(@.type=="Degraded")].reason}=Healthy';
  await kubectl(['-n', SPACE, 'wait', degraded, 'rp/numbered', '--timeout=30s']);
}, 240_000);

test('a Job asks for a flag and ends, under Pod Security restricted', async () => {
  await apply(namespace({ 'fusebox.dev/inject': 'true', 'pod-security.kubernetes.io/enforce': 'restricted' }));
  await kubectl(['-n', SPACE, 'delete', 'scp/redirected', '--ignore-not-found']);
  await apply(ours('FeatureFlagSet', 'flags', { flags: { enable_report: true } }));
  const program = `
    const url = process.env.OFREP_ENDPOINT + '/ofrep/v1/evaluate/flags/enable_report';
    const ask = async () => (await (await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).json()).value;
    (async () => { while ((await ask()) !== true) await new Promise((resolve) => setTimeout(resolve, 100)); console.log('it is on'); })();
  `;
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const containers = [{ name: 'report', image: IMAGE, command: [NODE, '-e', program], securityContext }];
  const template = { spec: { restartPolicy: 'Never', containers } };
  await apply({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'report', namespace: SPACE },
    spec: { template },
  });
  await kubectl(['-n', SPACE, 'wait', '--for=condition=Complete', 'job/report', '--timeout=120s']);
  expect(await kubectl(['-n', SPACE, 'logs', 'job/report', '-c', 'report'])).toBe('it is on\n');
}, 180_000);
