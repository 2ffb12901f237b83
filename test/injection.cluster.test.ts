/** Injection on a real API server: what becomes of pods that ask for a sidecar, and what status says of them. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import type { Pod } from '@fusebox/operator/inject/pod.ts';
import { newMemoryKeeper } from '@fusebox/operator/pki/authority-keeper.ts';
import { Certificates } from '@fusebox/operator/pki/certificates.ts';
import { MUTATE_PODS_PATH, startWebhookServer } from '@fusebox/operator/webhook/server.ts';
import { systemClock as clock } from '@fusebox/runtime/system-clock.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { readKubeconfig } from './cluster/api/kubeconfig.ts';
import { freePorts } from './cluster/own/free-ports.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { TestNamespace } from './support/cluster-objects.ts';
import { installKinds } from './support/install-kinds.ts';
import { OperatorProcess } from './support/operator-process.ts';
import { newFolder } from './support/settings.ts';
import { until } from './support/until.ts';

const HOOKS = '/apis/admissionregistration.k8s.io/v1';
const MANIFEST = resolve(import.meta.dirname, '../operator/webhooks.yaml');

let cluster: TestCluster;
let api: ApiClient;
/** Where the operator is. */
let home: TestNamespace;
let folder: Awaited<ReturnType<typeof newFolder>>;
let operator: OperatorProcess;

interface Hooks {
  kind: string;
  metadata: { name: string };
  webhooks: { clientConfig: { service?: { path: string }; url?: string } }[];
}

/** The manifest as it stands, but for where the operator is. */
async function installWebhooks(port: number): Promise<void> {
  for (const part of readYaml(readFileSync(MANIFEST, 'utf8'))) {
    const hooks = part.value as Hooks;
    hooks.metadata.name = home.name;
    for (const { clientConfig } of hooks.webhooks) {
      clientConfig.url = `https://127.0.0.1:${port}${clientConfig.service!.path}`;
      delete clientConfig.service;
    }
    await called('POST', `${HOOKS}/${hooks.kind.toLowerCase()}s`, hooks);
  }
}

async function called<T = object>(method: string, path: string, body?: object): Promise<T> {
  const answer = await api.call(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

beforeAll(async () => {
  cluster = await startCluster();
  api = new ApiClient(readKubeconfig(cluster.kubeconfigPath));
  await installKinds(api);
  home = await TestNamespace.create(api);
  folder = await newFolder();
  const [webhook] = (await freePorts(1)) as [number];
  await installWebhooks(webhook);
  operator = new OperatorProcess([
    ...[`--kubeconfig=${cluster.kubeconfigPath}`, `--namespace=${home.name}`, `--ca-file=${caFile()}`],
    ...['--serve=127.0.0.1:0', '--admin=127.0.0.1:0', `--webhook=127.0.0.1:${webhook}`],
    ...[`--webhook-configuration=${home.name}`, '--operator-url=https://operator.example:4150'],
  ]);
  await operator.logged('listening');
  await until('the operator is ready', async () => (await operator.ask('/readyz')).status === 200, 30_000);
  const trusted = (kind: string): Promise<unknown> =>
    until(
      `${kind} trusts the operator`,
      () => operator.lines.some((line) => line.message.includes('trusts') && line['kind'] === kind),
      30_000,
    );
  await Promise.all([trusted('MutatingWebhookConfiguration'), trusted('ValidatingWebhookConfiguration')]);
}, 900_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await folder?.remove();
  api?.close();
  await cluster?.stop();
}, 60_000);

const caFile = (): string => join(folder.path, 'ca.crt');
const ASKS = { 'fusebox.dev/inject': 'true' };
const SPEC = {
  schedulerName: 'none',
  containers: [{ name: 'app', image: 'none.invalid/app', ports: [{ name: 'http', containerPort: 8080 }] }],
};
/** As Pod Security `restricted` wants it. */
const RESTRICTED = {
  ...SPEC,
  containers: SPEC.containers.map((container) => ({
    ...container,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  })),
};

type Made = Pod & { metadata: { name: string; annotations?: Record<string, string> } };

async function newSpace(labels: Record<string, string> = {}): Promise<TestNamespace> {
  const space = await TestNamespace.create(api);
  const path = `/api/v1/namespaces/${space.name}`;
  const { status } = await api.call('PATCH', path, { metadata: { labels } }, 'application/merge-patch+json');
  expect(status).toBe(200);
  const account = async (): Promise<boolean> =>
    (await api.call('GET', `${path}/serviceaccounts/default`)).status === 200;
  await until('the default ServiceAccount is there', account);
  return space;
}

async function create(space: TestNamespace, metadata: object, spec: object = SPEC, query = ''): Promise<Made> {
  const made: unknown = await space.create(`pods${query}`, { metadata: { name: 'users-1', ...metadata }, spec });
  return made as Made;
}

const initNames = ({ spec }: Made): string[] => (spec.initContainers ?? []).map(({ name }) => name);
const bundleIn = async (space: TestNamespace): Promise<string | undefined> =>
  (Object(await space.get('ConfigMap', 'fusebox-ca')) as { data?: Record<string, string> }).data?.['ca.crt'];

describe('a pod that asks for a sidecar', () => {
  test('is given one, and finds what it trusts the operator by', async () => {
    const space = await newSpace();
    const made = await create(space, { labels: ASKS });
    expect(initNames(made)).toEqual(['fusebox']);
    expect(made.spec.initContainers![0]).toMatchObject({
      restartPolicy: 'Always',
      args: expect.arrayContaining(['--upstream=127.0.0.1:8080', '--operator=https://operator.example:4150']),
      ports: [{ name: 'http', containerPort: 4140 }, { containerPort: 4143 }],
    });
    expect(made.spec.containers[0]!.ports).toEqual([{ containerPort: 8080, protocol: 'TCP' }]);
    expect(await bundleIn(space)).toBe(readFileSync(caFile(), 'utf8'));
  });

  test('in a dry run leaves nothing behind', async () => {
    const space = await newSpace();
    const made = await create(space, { labels: ASKS }, SPEC, '?dryRun=All');
    expect(initNames(made)).toEqual(['fusebox']);
    expect(await bundleIn(space)).toBeUndefined();
  });

  test('may ask by its namespace, and say no by itself', async () => {
    const space = await newSpace(ASKS);
    expect(initNames(await create(space, { name: 'asks' }))).toEqual(['fusebox']);
    expect(initNames(await create(space, { name: 'no', labels: { 'fusebox.dev/inject': 'false' } }))).toEqual([]);
    const brings = { name: 'brings', annotations: { 'fusebox.dev/sidecar': 'true' } };
    expect(initNames(await create(space, brings))).toEqual([]);
  });

  test('passes Pod Security restricted with its sidecar', async () => {
    const space = await newSpace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(initNames(await create(space, { labels: ASKS }, RESTRICTED))).toEqual(['fusebox']);
    await space.apply('SidecarProfile', 'redirected', { interception: 'Redirect' });
    const refused = async (): Promise<boolean> => {
      const made = create(space, { name: 'users-2', labels: ASKS }, RESTRICTED, '?dryRun=All');
      return made.then(
        () => false,
        (error: unknown) => String(error).includes('NET_ADMIN'),
      );
    };
    await until('a redirected pod is refused for its capability', refused);
  });

  test('is redirected where the profile says so', async () => {
    const space = await newSpace();
    await space.apply('SidecarProfile', 'redirected', { interception: 'Redirect' });
    const redirected = async (): Promise<boolean> =>
      initNames(await create(space, { labels: ASKS }, SPEC, '?dryRun=All')).join(' ') === 'fusebox-redirect fusebox';
    await until('a new pod is redirected', redirected);
  });

  test('and says what cannot be meant is refused', async () => {
    const space = await newSpace();
    const given = create(space, { labels: ASKS, annotations: { 'fusebox.dev/port': 'htpp' } });
    await expect(given).rejects.toThrow(
      /fusebox.dev\/port: \\\\?"htpp\\\\?": no container has a TCP port of that name/,
    );
  });

  test.each(['Job', 'CronJob'])('of a %s ends by itself: its sidecar is native', async (kind) => {
    const space = await newSpace();
    const template = { metadata: { labels: ASKS }, spec: { ...SPEC, restartPolicy: 'Never' } };
    const spec = kind === 'Job' ? { template } : { schedule: '* * * * *', jobTemplate: { spec: { template } } };
    await called('POST', `/apis/batch/v1/namespaces/${space.name}/${kind.toLowerCase()}s`, {
      metadata: { name: 'report' },
      spec,
    });
    if (kind === 'CronJob') {
      const job = { metadata: { name: 'report-now' }, spec: { template } };
      await called('POST', `/apis/batch/v1/namespaces/${space.name}/jobs`, job);
    }
    await until('its pod is there', async () => (await space.list('Pod')).length === 1);
    const [pod] = (await space.list('Pod')) as unknown as Made[];
    expect(pod!.spec.initContainers).toMatchObject([{ name: 'fusebox', restartPolicy: 'Always' }]);
    expect(pod!.spec.initContainers![0]!['args']).toContain(
      `--service-name=${kind === 'Job' ? 'report' : 'report-now'}`,
    );
  });
});

test('a container that another webhook adds afterwards has what the others have', async () => {
  const certificates = await Certificates.begin({ keeper: newMemoryKeeper(), clock, hosts: ['127.0.0.1'] });
  const added = { op: 'add', path: '/spec/containers/-', value: { name: 'late', image: 'none.invalid/late' } };
  const server = await startWebhookServer({
    host: '127.0.0.1',
    port: 0,
    certificates,
    reviewPod: (body) => ({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: (body as { request: { uid: string } }).request.uid,
        allowed: true,
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify([added])).toString('base64'),
      },
    }),
  });
  const space = await newSpace();
  // Webhooks are called in the order of their names: `test-…` before `zz-…`.
  const name = `zz-${space.name}`;
  await called('POST', `${HOOKS}/mutatingwebhookconfigurations`, {
    metadata: { name },
    webhooks: [
      {
        name: 'late.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: {
          url: `https://127.0.0.1:${server.port}${MUTATE_PODS_PATH}`,
          caBundle: Buffer.from(certificates.current.bundle).toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': space.name } },
      },
    ],
  });
  const late = async (): Promise<Made | null> => {
    const made = await create(space, { labels: ASKS }, SPEC, '?dryRun=All');
    return made.spec.containers.length === 2 ? made : null;
  };
  const made = await until('the other webhook is asked', late);
  expect(initNames(made)).toEqual(['fusebox']);
  expect(made.spec.containers[1]).toMatchObject({
    name: 'late',
    env: [{ name: 'OFREP_ENDPOINT' }, { name: 'FUSEBOX_LIVE_FILES' }],
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  });
  expect(made.spec.volumes!.filter((volume) => volume.name === 'fusebox-live')).toHaveLength(1);
  await api.call('DELETE', `${HOOKS}/mutatingwebhookconfigurations/${name}`);
  await server.close();
});

test('what people apply stays as they wrote it; the pods of it are injected, and named after it', async () => {
  const space = await newSpace();
  const template = { metadata: { labels: { ...ASKS, app: 'users' } }, spec: SPEC };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'users' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'users' } }, template },
  };
  const apply = (): Promise<unknown> =>
    api.call(
      'PATCH',
      `/apis/apps/v1/namespaces/${space.name}/deployments/users?fieldManager=tests`,
      deployment,
      'application/apply-patch+yaml',
    );
  await apply();
  await until('its pod is there', async () => (await space.list('Pod')).length === 1);
  const [pod] = (await space.list('Pod')) as unknown as Made[];
  expect(initNames(pod!)).toEqual(['fusebox']);
  expect(pod!.spec.initContainers![0]!['args']).toContain('--service-name=users');
  await apply();
  const after = (await space.get('Deployment', 'users'))!;
  expect(after.metadata.generation).toBe(1);
  expect(after.spec).toMatchObject({ template: { spec: { containers: [{ ports: [{ name: 'http' }] }] } } });
  expect(JSON.stringify(after.spec)).not.toContain('OFREP');
});

describe('status says', () => {
  const degraded = async (space: TestNamespace, kind: string, wanted: string): Promise<string> => {
    const { status } = await space.untilCondition(kind, 'users', 'Degraded', wanted);
    return status!.conditions!.find(({ type }) => type === 'Degraded')!.message;
  };

  test('which pods asked and have no sidecar, and why', async () => {
    const space = await newSpace();
    // Made before its namespace asked.
    await create(space, { name: 'missed' });
    await space.setReady('missed', true);
    await space.apply('ResiliencePolicy', 'users', {});
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False NoPods');
    const path = `/api/v1/namespaces/${space.name}`;
    await api.call('PATCH', path, { metadata: { labels: ASKS } }, 'application/merge-patch+json');
    expect(await degraded(space, 'ResiliencePolicy', 'True NotInjected')).toBe(
      'opted in, but without a sidecar: missed; restart these pods',
    );
    await space.delete('Pod', 'missed');
    const ports = [{ containerPort: 8080 }, { containerPort: 9090 }];
    const made = await create(space, { name: 'many' }, { ...SPEC, containers: [{ ...SPEC.containers[0], ports }] });
    expect(made.metadata.annotations?.['fusebox.dev/not-injected']).toContain('several ports (8080, 9090)');
    await space.setReady('many', true);
    const told = async (): Promise<boolean> =>
      (await degraded(space, 'ResiliencePolicy', 'True NotInjected')).includes('many (it has several ports');
    await until('the reason is told', told);
    await api.call(
      'PATCH',
      path,
      { metadata: { labels: { 'fusebox.dev/inject': null } } },
      'application/merge-patch+json',
    );
    await space.untilCondition('ResiliencePolicy', 'users', 'Programmed', 'False NoPods');
  });

  test('which Service leads past the sidecars, until it is mended', async () => {
    const space = await newSpace();
    await create(space, { labels: { ...ASKS, app: 'users' } });
    await space.setReady('users-1', true);
    await space.apply('ResiliencePolicy', 'users', {});
    const ports = [{ port: 80, targetPort: 8080 }];
    await space.create('services', { metadata: { name: 'front' }, spec: { selector: { app: 'users' }, ports } });
    expect(await degraded(space, 'ResiliencePolicy', 'True Bypassed')).toBe(
      'past the sidecar: port 80 of Service front leads to 8080 (its targetPort should be http)',
    );
    await space.patch('Service', 'front', { spec: { ports: [{ port: 80, targetPort: 'http' }] } });
    await degraded(space, 'ResiliencePolicy', 'False Healthy');
  });

  test('which pods run otherwise than new ones would; the profile of the cluster holds where no other says anything', async () => {
    const space = await newSpace();
    await home.apply('SidecarProfile', 'default', { image: 'none.invalid/sidecar:1', logLevel: 'debug' });
    const imageOf = async (): Promise<unknown> =>
      (await create(space, { labels: ASKS }, SPEC, '?dryRun=All')).spec.initContainers![0]!['image'];
    await until('it holds', async () => (await imageOf()) === 'none.invalid/sidecar:1');
    await create(space, { labels: ASKS });
    await space.setReady('users-1', true);
    await space.apply('SidecarProfile', 'users', { logLevel: 'debug' });
    await degraded(space, 'SidecarProfile', 'False Healthy');
    await space.apply('SidecarProfile', 'users', { image: 'none.invalid/sidecar:2' });
    expect(await degraded(space, 'SidecarProfile', 'True Outdated')).toMatch(/^1 of 1 pods .* restart users-1$/);
    const pods = async (): Promise<unknown> => (await home.get('SidecarProfile', 'default'))!.status?.pods?.matched;
    await until(
      'the profile of the cluster counts pods of other namespaces',
      async () => ((await pods()) as number) > 0,
    );
    await home.delete('SidecarProfile', 'default');
  });
});

test('what sidecars trust the operator by comes back where somebody removes or changes it', async () => {
  const space = await newSpace();
  await create(space, { labels: ASKS });
  const wanted = await bundleIn(space);
  await space.patch('ConfigMap', 'fusebox-ca', { data: { 'ca.crt': 'nonsense' } });
  await until('it is mended', async () => (await bundleIn(space)) === wanted, 30_000);
  await space.delete('ConfigMap', 'fusebox-ca');
  await until('it is there again', async () => (await bundleIn(space)) === wanted, 30_000);
});

test('a webhook that is down blocks nothing but pods that ask for a sidecar', async () => {
  operator.signal('SIGKILL');
  await operator.exited;
  const space = await newSpace();
  await create(space, { name: 'other' });
  await space.applyConfigMap('config', { 'policy.yaml': 'inbound: {unmatched: Maybe}' });
  await space.apply('ResiliencePolicy', 'users', {});
  await expect(create(space, { labels: ASKS })).rejects.toThrow(/500 .*inject.fusebox.dev/);
});
