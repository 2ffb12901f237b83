import { object } from '../../commands.ts';
import { FUSEBOX, type World } from '../world.ts';

/** The two charts: the kinds first, then the operator. */
export async function install({ terminal, narrator, outside }: World): Promise<void> {
  await terminal.helm('upgrade', '--install', 'fusebox-crds', 'charts/fusebox-crds');
  const startMs = performance.now();
  await terminal.helm(
    ...['upgrade', '--install', 'fusebox', 'charts/fusebox', '--namespace', FUSEBOX, '--create-namespace'],
    ...['--set', `nats.url=${outside.nats.url}`, '--set', `sidecar.tracing.endpoint=${outside.spans.url}`],
    ...['--wait', '--timeout', '180s'],
  );
  const tookMs = performance.now() - startMs;
  await terminal.look('-n', FUSEBOX, 'get', 'pods');
  const { status } = await object<{ status: { readyReplicas?: number } }>('-n', FUSEBOX, 'deployment/fusebox-operator');
  if (status.readyReplicas !== 2)
    throw new Error(`${status.readyReplicas ?? 0} replicas of the operator are ready, not 2`);
  narrator.kept('two replicas of the operator are ready', `after ${(tookMs / 1_000).toFixed(1)} s`);
  await terminal.fusebox('check');
  narrator.kept('`kubectl fusebox check` finds nothing that this cluster lacks', 'status 0');
}
