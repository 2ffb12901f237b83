/**
 * The roles in operator/ are enough, and nothing in them is too much: with all of them the operator is refused nothing, and without any
 * one verb it says at once, in the log and on /readyz, what it may not do.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { readConfig } from '@fusebox/operator/config.ts';
import { type Operator, startOperator } from '@fusebox/operator/start-operator.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from './cluster/api/api-client.ts';
import { type Access, readKubeconfig, writeKubeconfig } from './cluster/api/kubeconfig.ts';
import { freePorts } from './cluster/own/free-ports.ts';
import { startCluster } from './cluster/start-cluster.ts';
import type { TestCluster } from './cluster/test-cluster.ts';
import { TestNamespace } from './support/cluster-objects.ts';
import { installKinds } from './support/install-kinds.ts';
import { newFolder } from './support/settings.ts';
import { until } from './support/until.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

type RoleKind = 'ClusterRole' | 'Role';

/** One verb for one resource: the least that can be missing. */
interface Grant {
  role: RoleKind;
  rule: Rule;
}

const FOLDER = resolve(import.meta.dirname, '../operator');
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const HOOKS = ['validating', 'mutating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`,
);

function grantsIn(role: RoleKind, file: string): Grant[] {
  const { rules } = readYaml(readFileSync(join(FOLDER, file), 'utf8'))[0]!.value as { rules: Rule[] };
  return rules.flatMap((rule) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.map((verb) => ({ role, rule: { ...rule, resources: [resource], verbs: [verb] } })),
    ),
  );
}

const GRANTS = [...grantsIn('ClusterRole', 'cluster-role.yaml'), ...grantsIn('Role', 'role.yaml')];

/** As the operator names it: `list pods`, `patch resiliencepolicies/status.fusebox.dev`. */
function nameOf({ rule: { apiGroups, resources, verbs } }: Grant): string {
  const [group] = apiGroups;
  return `${verbs[0]} ${resources[0]}${group === '' ? '' : `.${group}`}`;
}

let cluster: TestCluster;
let api: ApiClient;
let access: Access;
let folder: Awaited<ReturnType<typeof newFolder>>;

beforeAll(async () => {
  cluster = await startCluster();
  access = readKubeconfig(cluster.kubeconfigPath);
  api = new ApiClient(access);
  await installKinds(api);
  folder = await newFolder();
  for (const path of HOOKS) await created(path, { metadata: { name: 'fusebox' }, webhooks: [IDLE_HOOK] });
}, 900_000);

afterAll(async () => {
  await folder?.remove();
  api?.close();
  await cluster?.stop();
}, 60_000);

/** It is asked about nothing. */
const IDLE_HOOK = {
  name: 'validate.fusebox.dev',
  clientConfig: { url: 'https://127.0.0.1:9/validate' },
  rules: [{ apiGroups: ['none.invalid'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothing'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};

async function created(path: string, body: object): Promise<unknown> {
  const answer = await api.call('POST', path, body);
  if (answer.status >= 300) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

type Line = { message: string } & Record<string, unknown>;

/** An operator with a namespace and a ServiceAccount of its own, which may do what the roles say but for one thing. */
class Limited {
  readonly lines: Line[] = [];
  readonly space: TestNamespace;
  serve = 0;
  #admin = 0;
  #starting: Promise<Operator> | null = null;

  private constructor(space: TestNamespace) {
    this.space = space;
  }

  static async create(missing: Grant | null, space: TestNamespace): Promise<Limited> {
    const limited = new Limited(space);
    const { name: namespace } = space;
    await limited.allowAllBut(missing);
    await space.create('serviceaccounts', { metadata: { name: 'operator' } });
    const subjects = [{ kind: 'ServiceAccount', name: 'operator', namespace }];
    for (const { role, path } of placesOf(space)) {
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: role, name: namespace };
      await created(`${path}bindings`, { metadata: { name: namespace }, subjects, roleRef });
    }
    const { status } = await space.create('serviceaccounts/operator/token', { spec: {} });
    const { server, ca } = access;
    writeKubeconfig(kubeconfigOf(space), { server, ca, token: (status as unknown as { token: string }).token });
    await limited.#start();
    return limited;
  }

  /** The roles, without this; it holds at once, also while the operator runs. */
  async allowAllBut(missing: Grant | null): Promise<void> {
    for (const { role, path } of placesOf(this.space)) {
      const rules = GRANTS.filter((grant) => grant.role === role && grant !== missing).map(({ rule }) => rule);
      const object = { metadata: { name: this.space.name }, rules };
      const { status } = await api.call('PUT', `${path}s/${this.space.name}`, object);
      if (status >= 300) await created(`${path}s`, object);
    }
  }

  async readyz(): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#admin}/readyz`).catch(() => null);
    return { status: response?.status ?? 0, text: (await response?.text()) ?? '' };
  }

  async logged(message: string): Promise<void> {
    await until(`the operator says "${message}"`, () => this.lines.some((line) => line.message === message), 20_000);
  }

  /** What it says that it may not do. */
  get denied(): string[] {
    return this.lines
      .filter(({ message }) => message === 'the API server does not allow this; the role of the operator must')
      .map(({ verb, resource }) => `${String(verb)} ${String(resource)}`);
  }

  async end(): Promise<void> {
    await (await this.#starting)?.end();
  }

  /** Allows everything, so that also an operator that waits for its certificates comes to an end. */
  async remove(): Promise<void> {
    await this.allowAllBut(null);
    await this.end();
    // The next operator would look after its namespace, too.
    await api.call('DELETE', this.space.pathOf('Pod', 'injected'), { gracePeriodSeconds: 0 });
    for (const { path } of placesOf(this.space)) {
      for (const kind of ['s', 'bindings']) await api.call('DELETE', `${path}${kind}/${this.space.name}`);
    }
    await api.call('DELETE', `/api/v1/namespaces/${this.space.name}/serviceaccounts/operator`);
  }

  async #start(): Promise<void> {
    const { name: namespace } = this.space;
    const [serve, relay, admin] = (await freePorts(3)) as [number, number, number];
    this.serve = serve;
    this.#admin = admin;
    const read = readConfig(
      [
        ...['--kubeconfig', kubeconfigOf(this.space), '--namespace', namespace],
        ...['--lease', `${namespace}/fusebox-operator`, '--relay', `127.0.0.1:${relay}`, '--advertise', '127.0.0.1'],
        ...['--serve', `127.0.0.1:${serve}`, '--admin', `127.0.0.1:${admin}`],
        ...['--webhook', 'none', '--webhook-configuration', 'fusebox', '--ca-file', caFileOf(this.space)],
      ],
      {},
    );
    if (!('config' in read)) throw new Error(JSON.stringify(read));
    const write = (line: string): void => void this.lines.push(JSON.parse(line) as Line);
    this.#starting = startOperator(read.config, newLogger({ level: 'info', write, wallMs: Date.now }));
    // Its end waits for this, and says then what went wrong.
    this.#starting.catch(() => {});
  }
}

const kubeconfigOf = ({ name }: TestNamespace): string => join(folder.path, name);
const caFileOf = ({ name }: TestNamespace): string => join(folder.path, `${name}.crt`);
const placesOf = ({ name }: TestNamespace): { role: RoleKind; path: string }[] => [
  { role: 'ClusterRole', path: `${RBAC}/clusterrole` },
  { role: 'Role', path: `${RBAC}/namespaces/${name}/role` },
];

/** Everything that people do, once more each time. */
async function live(space: TestNamespace, round: number): Promise<void> {
  const inbound = { defaults: { timeout: `${round + 1}s` } };
  await space.apply('ResiliencePolicy', 'users', { inbound });
  await space.apply('FeatureFlagSet', 'flags', { flags: { a: round % 2 === 0 } });
  await space.apply('SidecarProfile', 'default', { defaults: { inbound: { idleTimeout: `${round + 1}s` } } });
  await space.applyConfigMap('config', { 'policy.yaml': JSON.stringify({ inbound }) });
  if ((await space.get('Pod', 'injected')) === null) await space.createInjectedPod('injected');
  if (round % 3 === 2) await space.delete('ConfigMap', 'config');
}

/** A sidecar with the token of its pod knocks; what comes of it does not matter here. */
async function knock({ space, serve }: Limited): Promise<void> {
  const ca = readFileSync(caFileOf(space), 'utf8');
  const client = new ApiClient({ server: `https://127.0.0.1:${serve}`, ca, token: await podToken(space) });
  await client.call('POST', '/v1/report', {}).catch(() => {});
  client.close();
}

async function podToken(space: TestNamespace): Promise<string> {
  const pod = await space.get('Pod', 'users-1');
  const { uid } = (pod ?? (await space.createPod('users-1'))).metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'users-1', uid };
  const spec = { audiences: ['fusebox'], boundObjectRef };
  const { status } = await space.create('serviceaccounts/default/token', { spec });
  return (status as unknown as { token: string }).token;
}

/** What must be there before, so that the operator needs this at all. */
async function prepare(name: string, space: TestNamespace): Promise<void> {
  // An authority that was emptied is made again.
  if (name === 'update secrets') await space.create('secrets', { metadata: { name: 'fusebox-ca' } });
  if (name === 'get controllerrevisions.apps') {
    await space.apply('ResiliencePolicy', 'broken', { inbound: {} });
    const whole = await Limited.create(null, space);
    await until('good settings are saved', async () => (await space.list('ControllerRevision')).length > 0, 20_000);
    await whole.remove();
    const routes = [{ name: 'bad', match: { path: '/users/:id/:id' } }];
    await space.patch('ResiliencePolicy', 'broken', { spec: { inbound: { routes } } });
  }
}

/** Server-side apply needs two verbs at once, and is named by both. */
const isToldOf = (name: string, told: string): boolean =>
  told === name || told === name.replace(/^(create|patch) /, 'create and patch ');

test('with all of its roles the operator is refused nothing', async () => {
  const space = await TestNamespace.create(api);
  const operator = await Limited.create(null, space);
  await until('it is ready', async () => (await operator.readyz()).text === 'ready\n', 30_000);
  for (let round = 0; round < 4; round += 1) await live(space, round);
  await space.untilCondition('LiveConfig', 'config', 'Accepted', 'True Accepted');
  await knock(operator);
  await until('its sidecars are told what to trust', async () => (await space.get('ConfigMap', 'fusebox-ca')) !== null);
  await operator.remove();
  expect(operator.lines.filter(({ error }) => Object(error).code === 'Forbidden')).toEqual([]);
}, 60_000);

async function untilDenied(name: string, operator: Limited): Promise<void> {
  const isTold = (): boolean => operator.denied.some((told) => isToldOf(name, told));
  if (name === 'delete leases.coordination.k8s.io') {
    await operator.logged('this replica writes');
    await operator.end();
    expect(isTold()).toBe(true);
    return;
  }
  if (name === 'create tokenreviews.authentication.k8s.io') {
    await operator.logged('listening');
    await knock(operator);
  }
  let round = 0;
  const look = async (): Promise<boolean> => {
    if (!isTold()) await live(operator.space, round++);
    return isTold();
  };
  await until('it is told in the log', look, 20_000);
  const { status, text } = await operator.readyz();
  const told = text.split('\n').map((line) => line.replace('not allowed by the API server: ', ''));
  expect(told.some((line) => isToldOf(name, line))).toBe(true);
  if (/^(list|watch) /.test(name) && !name.includes('leases')) expect(status).toBe(503);
}

test.each(GRANTS.map((grant) => [nameOf(grant), grant] as const))(
  'without %s it says so',
  async (name, grant) => {
    const space = await TestNamespace.create(api);
    await prepare(name, space);
    const operator = await Limited.create(grant, space);
    await untilDenied(name, operator);
    await operator.remove();
  },
  60_000,
);
