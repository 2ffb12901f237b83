import { kubectl } from '../commands.ts';

/** All objects of a cluster, as `KIND NAMESPACE NAME`. */
export type Inventory = ReadonlySet<string>;

/** What comes and goes by itself, or is a view of other objects. */
const FLEETING = /^(events(\.|$)|componentstatuses$|endpoints$)/;

/** Other tests may have namespaces of their own, in which things go on; and nodes say all the time that they live. */
const OWN = /^\S+ (-|default|kube-system|kube-public|fusebox|shop) /;

/** All that is on the cluster now, but for namespaces that the story has nothing to do with. */
export async function takeInventory(): Promise<Inventory> {
  const listed = await kubectl(['api-resources', '--verbs=list', '--output=name']);
  const resources = listed.split('\n').filter((name) => name !== '' && !FLEETING.test(name));
  const columns = 'custom-columns=:.kind,:.metadata.namespace,:.metadata.name';
  const objects = await kubectl(['get', resources.join(','), '-A', '--no-headers', '-o', columns]);
  const lines = objects.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' ').replace('<none>', '-'));
  return new Set(lines.filter((line) => OWN.test(line)));
}
