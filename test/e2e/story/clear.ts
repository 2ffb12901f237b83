import { helm, kubectl } from '../commands.ts';
import { FUSEBOX, SHOP } from './world.ts';

interface Release {
  name: string;
  namespace: string;
  /** With its version. */
  chart: string;
}

const OURS = /^(fusebox|fusebox-crds|sample-service)-\d/;

/** Removes what other tests may have left of Fusebox, so that the story begins as for somebody who never had it. */
export async function clear(): Promise<void> {
  const releases = JSON.parse(await helm(['list', '-A', '-o', 'json'])) as Release[];
  for (const { name, namespace } of releases.filter(({ chart }) => OURS.test(chart))) {
    await helm(['uninstall', name, '--namespace', namespace]);
  }
  await kubectl(['delete', 'namespace', FUSEBOX, SHOP, '--ignore-not-found']);
  await kubectl(['delete', 'crd', '-l', 'app.kubernetes.io/part-of=fusebox']);
}
