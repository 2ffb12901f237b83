import { randomBytes } from 'node:crypto';
import {
  API_VERSION,
  CONFIG_LABEL,
  INJECTED_ANNOTATION,
  RESOURCE_NAMES,
  SIDECAR_ANNOTATION,
  SIDECAR_CONTAINER,
  TARGET_ANNOTATION,
} from '@fusebox/api/names.ts';
import type { LiveConfigStatus } from '@fusebox/api/object-status.ts';
import type { ApiClient } from '../cluster/api/api-client.ts';
import { until } from './until.ts';

/** An object, as far as tests look at it. */
export interface TestObject {
  metadata: { name: string; namespace: string; uid: string; generation: number; resourceVersion: string };
  spec?: Record<string, unknown>;
  status?: LiveConfigStatus;
}

const PATIENCE_MS = 30_000;
// No scheduler takes them. On a node that there is not, they would be collected as garbage within a minute.
const SPEC = { containers: [{ name: 'app', image: 'none.invalid/app' }], schedulerName: 'none' };
const metadataOf = (labels: Record<string, string>): object => ({
  labels,
  annotations: { [SIDECAR_ANNOTATION]: 'true' },
});

/** One namespace of a cluster, and what tests do in it. */
export class TestNamespace {
  readonly name = `test-${randomBytes(4).toString('hex')}`;
  readonly #api: ApiClient;

  private constructor(api: ApiClient) {
    this.#api = api;
  }

  static async create(api: ApiClient): Promise<TestNamespace> {
    const namespace = new TestNamespace(api);
    await namespace.#call('POST', '/api/v1/namespaces', { metadata: { name: namespace.name } });
    return namespace;
  }

  /** Applies the `spec` of an object of ours. */
  apply(kind: keyof typeof RESOURCE_NAMES, name: string, spec: object): Promise<TestObject> {
    const body = { apiVersion: API_VERSION, kind, metadata: { name }, spec };
    return this.#call('PATCH', `${this.pathOf(kind, name)}?fieldManager=tests&force=true`, body, APPLY);
  }

  /** Applies a labelled ConfigMap. */
  applyConfigMap(name: string, data: Record<string, string>, target?: string): Promise<TestObject> {
    const annotations = target === undefined ? {} : { [TARGET_ANNOTATION]: target };
    const metadata = { name, labels: { [CONFIG_LABEL]: 'true' }, annotations };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    return this.#call('PATCH', `${this.pathOf('ConfigMap', name)}?fieldManager=tests&force=true`, body, APPLY);
  }

  /** A pod of no workload that brings a sidecar; there is no kubelet, so its status is what the test says. */
  async createPod(name: string, labels: Record<string, string> = {}): Promise<TestObject> {
    const account = `${this.#path}/serviceaccounts/default`;
    await until('the default ServiceAccount is there', () => this.#exists(account), PATIENCE_MS);
    const pod = await this.#call('POST', `${this.#path}/pods`, {
      metadata: { ...metadataOf(labels), name },
      spec: SPEC,
    });
    await this.setReady(name, true);
    return pod;
  }

  /** A pod as it stands there after injection; nothing is injected here. */
  createInjectedPod(name: string): Promise<TestObject> {
    const metadata = { name, annotations: { [INJECTED_ANNOTATION]: 'test/0' } };
    const initContainers = [{ name: SIDECAR_CONTAINER, image: 'none.invalid/sidecar', restartPolicy: 'Always' }];
    return this.create('pods', { metadata, spec: { ...SPEC, initContainers } });
  }

  /** A Deployment whose pods bring a sidecar (controller-manager); resolves when there are so many, all Ready. */
  async createDeployment(name: string, replicas: number): Promise<TestObject[]> {
    const labels = { app: name };
    const spec = {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: metadataOf(labels), spec: SPEC },
    };
    await this.#call('POST', `/apis/apps/v1/namespaces/${this.name}/deployments`, { metadata: { name }, spec });
    return this.readyPods(name, replicas);
  }

  /** The pods of a Deployment, once there are so many; makes them all Ready. */
  async readyPods(deployment: string, count: number): Promise<TestObject[]> {
    const mine = async (): Promise<TestObject[]> =>
      (await this.list('Pod')).filter(({ metadata }) => metadata.name.startsWith(`${deployment}-`));
    await until(`${count} pods of ${deployment} are there`, async () => (await mine()).length === count, PATIENCE_MS);
    const pods = await mine();
    await Promise.all(pods.map(({ metadata }) => this.setReady(metadata.name, true)));
    return pods;
  }

  setReady(name: string, ready: boolean): Promise<TestObject> {
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
    return this.#call('PATCH', `${this.#path}/pods/${name}/status`, { status }, 'application/merge-patch+json');
  }

  patch(kind: string, name: string, change: object): Promise<TestObject> {
    return this.#call('PATCH', this.pathOf(kind, name), change, 'application/merge-patch+json');
  }

  create(path: string, body: object): Promise<TestObject> {
    return this.#call('POST', `${this.#path}/${path}`, body);
  }

  async delete(kind: string, name: string): Promise<void> {
    await this.#call('DELETE', this.pathOf(kind, name), kind === 'Pod' ? { gracePeriodSeconds: 0 } : {});
  }

  async get(kind: string, name: string): Promise<TestObject | null> {
    const { status, body } = await this.#api.call('GET', this.pathOf(kind, name));
    return status === 200 ? (body as TestObject) : null;
  }

  async list(kind: string): Promise<TestObject[]> {
    const { body } = await this.#api.call('GET', this.pathOf(kind, ''));
    return (body as { items: TestObject[] }).items;
  }

  /** One condition in a line: `False NoPods`; null: the status does not speak of the present generation. */
  async condition(kind: string, name: string, type: string): Promise<string | null> {
    const object = await this.get(kind, name);
    const found = object?.status?.conditions?.find((condition) => condition.type === type);
    if (found?.observedGeneration !== object?.metadata.generation) return null;
    return found === undefined ? null : `${found.status} ${found.reason}`;
  }

  /** Waits until the condition says this of the present generation. */
  async untilCondition(kind: string, name: string, type: string, wanted: string): Promise<TestObject> {
    let last: string | null = null;
    const look = async (): Promise<boolean> => (last = await this.condition(kind, name, type)) === wanted;
    await until(`${type} of ${kind} ${name} is ${wanted}`, look).catch((error: unknown) => {
      throw new Error(`${String(error)}, it is ${last}`, { cause: error });
    });
    return (await this.get(kind, name))!;
  }

  pathOf(kind: string, name: string): string {
    const ours = Object.entries(RESOURCE_NAMES).find(([known]) => known === kind)?.[1].plural;
    if (ours !== undefined) return `/apis/${API_VERSION}/namespaces/${this.name}/${ours}/${name}`.replace(/\/$/, '');
    const plural = { ConfigMap: 'configmaps', Pod: 'pods', Service: 'services' }[kind];
    if (plural !== undefined) return `${this.#path}/${plural}/${name}`.replace(/\/$/, '');
    return `/apis/apps/v1/namespaces/${this.name}/${kind.toLowerCase()}s/${name}`.replace(/\/$/, '');
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.name}`;
  }

  async #exists(path: string): Promise<boolean> {
    return (await this.#api.call('GET', path)).status === 200;
  }

  async #call(method: string, path: string, body: object, type?: string): Promise<TestObject> {
    const answer = await this.#api.call(method, path, body, type);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as TestObject;
  }
}

const APPLY = 'application/apply-patch+yaml';
