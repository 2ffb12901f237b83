import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiClient } from '../cluster/api/api-client.ts';
import { readKubeconfig } from '../cluster/api/kubeconfig.ts';
import { freePorts } from '../cluster/own/free-ports.ts';
import { TestNamespace } from '../support/cluster-objects.ts';
import { installKinds } from '../support/install-kinds.ts';
import { newFolder } from '../support/settings.ts';
import { until } from '../support/until.ts';
import { ChaosSidecar } from './chaos-sidecar.ts';
import { judge, type Standing, type Story, type Verdict } from './judge.ts';
import { badSettings, FIRST_MARK, markedSettings, type SourceName } from './marks.ts';
import { Operators } from './operators.ts';
import { Path } from './path.ts';
import { StatusRecorder } from './status-recorder.ts';

/** The last one goes from one application to the other, and is not always ready. */
const PODS = [
  { name: 'users-1', app: 'users', isWhole: true },
  { name: 'users-2', app: 'users', isWhole: true },
  { name: 'orders-1', app: 'orders', isWhole: true },
  { name: 'users-3', app: 'users', isWhole: false },
  { name: 'orders-2', app: 'orders', isWhole: false },
  { name: 'rover', app: 'users', isWhole: false },
];

/** `users-rival` comes after the other policy for the same pods: it never rules. */
const AIMS: Story['aims'] = {
  'ResiliencePolicy base': null,
  'ResiliencePolicy users': 'users',
  'ResiliencePolicy orders': 'orders',
  'ResiliencePolicy users-rival': 'users',
  'FeatureFlagSet flags': null,
  'SidecarProfile profile': null,
  'ConfigMap config': null,
};
export const SOURCES = Object.keys(AIMS) as SourceName[];
const RIVAL: SourceName = 'ResiliencePolicy users-rival';

interface Parts {
  api: ApiClient;
  space: TestNamespace;
  operators: Operators;
  recorder: StatusRecorder;
  folder: Awaited<ReturnType<typeof newFolder>>;
}

/** Two replicas of the operator, six sidecars and seven sources of settings, on a real API server; all of them processes. */
export class World {
  readonly operators: Operators;
  readonly sidecars: ChaosSidecar[] = [];
  readonly paths: Path[] = [];
  readonly #parts: Parts;
  readonly #standings: Standing[] = [];
  /** Number of the last good edit of each source. */
  readonly #wanted = new Map<SourceName, number>();
  #edits = 0;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.operators = parts.operators;
  }

  static async create(kubeconfigPath: string): Promise<World> {
    const access = readKubeconfig(kubeconfigPath);
    const api = new ApiClient(access);
    await installKinds(api);
    const space = await TestNamespace.create(api);
    const folder = await newFolder();
    const args = ['--kubeconfig', kubeconfigPath, '--namespace', space.name, '--ca-file', join(folder.path, 'ca.crt')];
    const lease = ['--lease', `${space.name}/fusebox-operator`];
    const operators = new Operators([...args, ...lease], await freePorts(4));
    const recorder = new StatusRecorder(access, space.name);
    const world = new World({ api, space, operators, recorder, folder });
    await operators.startAll();
    // One after the other: `users-rival` is to be the younger one, or of one age with `users`.
    for (const source of SOURCES) await world.edit(source, true);
    await Promise.all(PODS.map((pod) => world.#addPod(pod)));
    return world;
  }

  /** Writes an edit that carries a new number, or one that the operator refuses. */
  async edit(source: SourceName, isGood: boolean): Promise<void> {
    const { space, recorder } = this.#parts;
    const [kind, name] = source.split(' ') as ['ResiliencePolicy', string];
    const mark = FIRST_MARK + this.#edits;
    this.#edits += 1;
    const app = AIMS[source];
    const aim = app === null ? {} : { selector: { matchLabels: { app } } };
    const bad = isGood ? null : badSettings(source, aim);
    if (bad === null) this.#wanted.set(source, mark);
    const settings = bad ?? markedSettings(source, mark, aim);
    const isMap = source === 'ConfigMap config';
    const object = await (isMap
      ? space.applyConfigMap(name, settings as Record<string, string>)
      : space.apply(kind, name, settings));
    recorder.saw(isMap ? 'ConfigMap' : kind, object);
  }

  /** The rover becomes this. */
  async rove(app: string, ready: boolean): Promise<void> {
    const { space } = this.#parts;
    // From here on until it is done nobody can say what it is.
    this.#stands({ pod: 'rover', app, ready: false });
    await space.patch('Pod', 'rover', { metadata: { labels: { app } } });
    await space.setReady('rover', ready);
    this.#stands({ pod: 'rover', app, ready });
  }

  /** Mends everything; resolves when status says, of the last edit of each source, that all pods obey it, and they do. */
  async heal(): Promise<void> {
    const { space } = this.#parts;
    for (const path of this.paths) path.open();
    for (const sidecar of this.sidecars) sidecar.signal('SIGCONT');
    await this.operators.startAll();
    await this.rove('orders', true);
    for (const source of SOURCES) await this.edit(source, true);
    for (const source of SOURCES.filter((one) => one !== RIVAL)) {
      const [kind, name] = source.replace('ConfigMap', 'LiveConfig').split(' ') as [string, string];
      const pods = this.#podsOf(source);
      const look = async (): Promise<boolean> => {
        const object = await space.get(kind, name);
        const said = object?.status?.conditions?.find(({ type }) => type === 'Programmed');
        const isPresent =
          kind === 'LiveConfig'
            ? object?.status?.observedResourceVersion === (await space.get('ConfigMap', name))?.metadata.resourceVersion
            : said?.observedGeneration === object?.metadata.generation;
        return isPresent && said?.status === 'True' && object?.status?.programmed === `${pods.length}/${pods.length}`;
      };
      await until(`${source} is obeyed by all`, look, 35_000).catch(async (error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify((await space.get(kind, name))?.status)}`, { cause: error });
      });
      const obeyed = (): boolean => pods.every((pod) => pod.marks[source] === this.#wanted.get(source));
      await until(`the sidecars say so of ${source}`, obeyed);
    }
    await space.untilCondition('ResiliencePolicy', 'users-rival', 'Accepted', 'False Conflicted');
  }

  /** What was said and done, judged. */
  verdict(): Verdict & { claims: number; edits: number; enforced: number; unknown: number } {
    const enforced = this.sidecars.flatMap((sidecar) => sidecar.enforced());
    const claims = this.#parts.recorder.claims();
    const verdict = judge({ enforced, claims, standings: this.#standings, aims: AIMS });
    const unknown = enforced.filter(({ marks }) => marks === null).length;
    return { ...verdict, claims: claims.length, edits: this.#edits, enforced: enforced.length, unknown };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { recorder, api, folder } = this.#parts;
    recorder.stop();
    await Promise.all([this.operators.killAll(), ...this.sidecars.map((sidecar) => sidecar.kill())]);
    await Promise.all(this.paths.map((path) => path.close()));
    api.close();
    await folder.remove();
  }

  #podsOf(source: SourceName): ChaosSidecar[] {
    return this.sidecars.filter(({ pod }) => {
      const { app } = this.#standings.findLast((standing) => standing.pod === pod)!;
      return (AIMS[source] ?? app) === app;
    });
  }

  #stands(standing: Omit<Standing, 'atMs'>): void {
    this.#standings.push({ ...standing, atMs: Date.now() });
  }

  async #addPod({ name, app, isWhole }: (typeof PODS)[number]): Promise<void> {
    const { space, operators, folder } = this.#parts;
    const { metadata } = await space.createPod(name, { app });
    this.#stands({ pod: name, app, ready: true });
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid: metadata.uid };
    const spec = { audiences: ['fusebox'], expirationSeconds: 3_600, boundObjectRef };
    const { status } = await space.create('serviceaccounts/default/token', { spec });
    const tokenFile = join(folder.path, `token-${name}`);
    await writeFile(tokenFile, (status as unknown as { token: string }).token);
    const path = await Path.start(operators.next);
    const caFile = join(folder.path, 'ca.crt');
    const sidecar = new ChaosSidecar({ pod: name, isWhole, operatorPort: path.port, tokenFile, caFile });
    sidecar.start();
    this.paths.push(path);
    this.sidecars.push(sidecar);
  }
}
