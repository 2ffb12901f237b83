import { kubectl, object } from '../commands.ts';
import { SHOP } from './world.ts';

interface Pod {
  metadata: { name: string; deletionTimestamp?: string };
}

/** Names of the sample's pods that are not on their way out. */
export async function samplePods(): Promise<string[]> {
  const { items } = await object<{ items: Pod[] }>('-n', SHOP, 'pods', '-l', 'app.kubernetes.io/name=users');
  return items.flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : []));
}

/** Sets how the service behaves in every pod, past its sidecar. `{}`: well. */
export async function misbehave(behaviour: { failRatio?: number }): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const request = JSON.stringify({ method: 'PUT', headers, body: JSON.stringify(behaviour) });
  const program = `fetch('http://127.0.0.1:8080/misbehave', ${request}).then(({ status }) => process.exit(status === 200 ? 0 : 1))`;
  const pods = await samplePods();
  await Promise.all(
    pods.map((pod) => kubectl(['-n', SHOP, 'exec', pod, '-c', 'users', '--', '/nodejs/bin/node', '-e', program])),
  );
}
