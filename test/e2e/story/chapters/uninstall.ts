import { until } from '../../../support/until.ts';
import { takeInventory } from '../inventory.ts';
import { isDocumented } from '../left-behind.ts';
import { FUSEBOX, SHOP, type World } from '../world.ts';

/** Everything is removed; what stays is what charts/README.md says, and goes by the commands that it names. */
export async function uninstall({ terminal, narrator, before }: World): Promise<void> {
  await terminal.kubectl('delete', '-f', 'test/e2e/story/users-policy.yaml');
  await terminal.helm('uninstall', 'users', '-n', SHOP);
  await terminal.helm('uninstall', 'fusebox', '-n', FUSEBOX);
  await terminal.helm('uninstall', 'fusebox-crds');
  const left = async (): Promise<string[]> => [...(await takeInventory())].filter((one) => !before.has(one));
  const documented = await until(
    'nothing is left but what is documented',
    async () => {
      const all = await left();
      return all.every((one) => isDocumented(one)) && all;
    },
    60_000,
  ).catch(async (error: unknown) => {
    const more = (await left()).filter((one) => !isDocumented(one));
    throw new Error(`left behind: ${more.join(', ')}`, { cause: error });
  });
  narrator.shows(documented.join('\n'));
  narrator.kept('nothing stays but what is documented', `${documented.length} objects`);
  await terminal.kubectl('delete', 'crd', '-l', 'app.kubernetes.io/part-of=fusebox');
  await terminal.kubectl('delete', 'namespace', FUSEBOX, SHOP);
  await until('all of it is gone', async () => (await left()).length === 0, 60_000);
  narrator.kept('and goes with the kinds and the two namespaces', 'the cluster is as it was');
}
