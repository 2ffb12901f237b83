import { CONFIG_LABEL, KINDS } from '@fusebox/api/names.ts';
import { EXIT, type Outcome } from '../exit-codes.ts';
import { type Cluster, ClusterError } from '../kube/cluster.ts';
import { listPath, type NamedKind, type ObjectName, objectPath } from '../resources.ts';
import { table } from '../table.ts';
import { conditionOf, type KubeObject, labelComplaint, type WatchedObject, watchedObject } from '../watched-object.ts';

export interface StatusCommand {
  /** null: all of the namespace. */
  object: ObjectName | null;
  /** null: the context's. */
  namespace: string | null;
  allNamespaces: boolean;
  output: 'table' | 'json';
}

/** Tells which settings are in force, and why others are not. Not ok where one of them is not. @throws ClusterError */
export async function status(cluster: Cluster, command: StatusCommand): Promise<Outcome> {
  const namespace = command.namespace ?? cluster.namespace;
  if (command.object !== null) {
    const found = await oneObject(cluster, command.object, namespace);
    if ('missing' in found) return { exit: EXIT.notOk, text: '', complaints: [found.missing] };
    return outcomeOf([found], command.output, details);
  }
  const objects = await allObjects(cluster, command.allNamespaces ? null : namespace);
  const where = command.allNamespaces ? 'any namespace' : `namespace ${namespace}`;
  if (objects.length === 0 && command.output === 'table') {
    return { exit: EXIT.ok, text: '', complaints: [`there are no settings in ${where}`] };
  }
  return outcomeOf(objects, command.output, (all) => overview(all, command.allNamespaces));
}

function outcomeOf(
  objects: WatchedObject[],
  output: 'table' | 'json',
  words: (all: WatchedObject[]) => string,
): Outcome {
  const text = output === 'json' ? `${JSON.stringify({ items: objects }, null, 2)}\n` : words(objects);
  return { exit: objects.every(({ ok }) => ok) ? EXIT.ok : EXIT.notOk, text, complaints: [] };
}

async function oneObject(
  cluster: Cluster,
  { kind, name }: ObjectName,
  namespace: string,
): Promise<WatchedObject | { missing: string }> {
  const get = async (of: NamedKind): Promise<KubeObject | null> =>
    (await cluster.get(objectPath({ kind: of, name }, namespace))) as KubeObject | null;
  const title = `${kind} ${namespace}/${name}`;
  if (kind !== 'ConfigMap' && kind !== 'LiveConfig') {
    const object = await get(kind);
    return object === null ? { missing: `${title}: there is no such object` } : watchedObject(kind, object);
  }
  const [configMap, liveConfig] = await Promise.all([get('ConfigMap'), get('LiveConfig')]);
  if (liveConfig !== null) return watchedObject('LiveConfig', liveConfig, configMap);
  if (configMap === null) return { missing: `${title}: there is no such object` };
  return { missing: `${title}: ${labelComplaint(configMap) ?? 'the operator has not seen it yet'}` };
}

async function allObjects(cluster: Cluster, namespace: string | null): Promise<WatchedObject[]> {
  const list = async (path: string): Promise<KubeObject[]> => {
    const answer = (await cluster.get(path)) as { items: KubeObject[] } | null;
    if (answer === null) throw new ClusterError('failed', 'our kinds are not installed: see kubectl fusebox check');
    return answer.items;
  };
  const [kinds, liveConfigs, configMaps] = await Promise.all([
    Promise.all(
      KINDS.map(async (kind) => (await list(listPath(kind, namespace))).map((object) => watchedObject(kind, object))),
    ),
    list(listPath('LiveConfig', namespace)),
    list(`${listPath('ConfigMap', namespace)}?labelSelector=${encodeURIComponent(`${CONFIG_LABEL}=true`)}`),
  ]);
  return [...kinds.flat(), ...paired(configMaps, liveConfigs)];
}

/** Each labelled ConfigMap with what the operator says of it, and what it still says of those that are gone. */
function paired(configMaps: KubeObject[], liveConfigs: KubeObject[]): WatchedObject[] {
  const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  const living = new Map(configMaps.map((configMap) => [keyOf(configMap), configMap]));
  const spoken = new Map(liveConfigs.map((liveConfig) => [keyOf(liveConfig), liveConfig]));
  const keys = [...new Set([...living.keys(), ...spoken.keys()])];
  return keys.map((key) => {
    const configMap = living.get(key) ?? null;
    const { name, namespace } = (configMap ?? spoken.get(key))!.metadata;
    const silent: KubeObject = { metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
    return watchedObject('LiveConfig', spoken.get(key) ?? silent, configMap);
  });
}

function overview(objects: WatchedObject[], withNamespace: boolean): string {
  const head = ['KIND', 'NAME', 'ACCEPTED', 'PROGRAMMED', 'DEGRADED', 'OPEN CIRCUITS', 'VERSION', 'PROPAGATION'];
  const rows = objects.map((object) => [...(withNamespace ? [object.namespace] : []), ...cells(object)]);
  const notes = objects.flatMap((object) =>
    object.notes.map((note) => `${object.kind} ${object.namespace}/${object.name}: ${note}\n`),
  );
  const text = table([[...(withNamespace ? ['NAMESPACE'] : []), ...head], ...rows]);
  return notes.length === 0 ? text : `${text}\n${notes.join('')}`;
}

function cells({ kind, name, status: told }: WatchedObject): string[] {
  return [
    kind,
    name,
    conditionOf(told, 'Accepted')?.status ?? '-',
    told.programmed ?? conditionOf(told, 'Programmed')?.status ?? '-',
    conditionOf(told, 'Degraded')?.status ?? '-',
    told.openCircuits === undefined || told.openCircuits === '' ? '-' : told.openCircuits,
    shortDigest(told.version),
    told.propagationMs === undefined ? '-' : `${told.propagationMs} ms`,
  ];
}

function details([object]: WatchedObject[]): string {
  const { kind, namespace, name, notes, status: told } = object!;
  const { pods } = told;
  const conditions = (told.conditions ?? []).map(({ type, status: holds, reason, message, lastTransitionTime }) => {
    return [`  ${type}`, holds, reason, `since ${lastTransitionTime}`, message];
  });
  const facts = [
    ['  Pods', pods === undefined ? '-' : `${pods.programmed} of ${pods.matched} obey, ${pods.rejected} refused`],
    ['  Open circuits', told.openCircuits === undefined || told.openCircuits === '' ? '-' : told.openCircuits],
    ['  Version', told.version ?? '-'],
    ['  Propagation', told.propagationMs === undefined ? '-' : `${told.propagationMs} ms`],
  ];
  // What the conditions say stands among them; what they do not say is that they are not of now.
  const stale = notes.filter((note) => !/^(Accepted|Programmed|Degraded)=/.test(note)).map((note) => `  ! ${note}\n`);
  return `${kind} ${namespace}/${name}\n${stale.join('')}${table(conditions)}${table(facts)}`;
}

/** As git shortens: enough to tell versions apart. */
function shortDigest(digest: string | undefined): string {
  return digest === undefined ? '-' : digest.replace(/^sha256[:-]/, '').slice(0, 12);
}
