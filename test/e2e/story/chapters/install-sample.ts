import { object } from '../../commands.ts';
import { samplePods } from '../sample-pods.ts';
import { visit } from '../visitor.ts';
import { FUSEBOX, SHOP, type World } from '../world.ts';

interface Pod {
  metadata: { annotations: Record<string, string> };
  spec: { initContainers: { name: string; restartPolicy?: string }[] };
}

/** The sample service with the label `fusebox.dev/inject`, on a real PostgreSQL. */
export async function installSample({ terminal, narrator, outside }: World): Promise<void> {
  const startMs = performance.now();
  await terminal.helm(
    ...['upgrade', '--install', 'users', 'charts/sample-service', '--namespace', SHOP, '--create-namespace'],
    ...['--set', `urls.database=${outside.databaseUrl}`, '--set', `urls.otlp=${outside.spans.url}`],
    ...['--set', 'seedUsers=3', '--set-string', String.raw`settings.server\.workers=1`],
    ...['--set', 'policy.inbound.defaults.circuitBreaker.resetTimeout=2s'],
    ...['--wait', '--timeout', '180s'],
  );
  const tookMs = performance.now() - startMs;
  await terminal.look('-n', SHOP, 'get', 'pods');
  const pods = await samplePods();
  for (const name of pods) await expectSidecar(name);
  narrator.kept(
    'each new pod of the service has a native sidecar, which the operator gave it',
    `${pods.length} of ${pods.length}, ready after ${(tookMs / 1_000).toFixed(1)} s`,
  );
  using visitor = await visit();
  const { status, headers } = await visitor.ask('/users/1');
  const via = String(headers['via']);
  if (status !== 200 || !via.includes('fusebox-')) throw new Error(`GET /users/1: ${status}, Via: ${via}`);
  narrator.kept('a call of the Service goes through a sidecar', `GET /users/1: ${status}, Via: ${via}`);
  await terminal.fusebox('wait', 'cm/users-config', '-n', SHOP);
  await terminal.look('-n', SHOP, 'get', 'liveconfigs');
  await terminal.look('-n', FUSEBOX, 'get', 'sidecarprofiles');
}

async function expectSidecar(name: string): Promise<void> {
  const { metadata, spec } = await object<Pod>('-n', SHOP, `pod/${name}`);
  const sidecar = spec.initContainers.find((container) => container.name === 'fusebox');
  if (sidecar?.restartPolicy !== 'Always') throw new Error(`pod ${name} has no native sidecar`);
  if (metadata.annotations['fusebox.dev/injected'] === undefined)
    throw new Error(`pod ${name} does not say who injected it`);
}
