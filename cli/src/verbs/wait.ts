import { formatDuration } from '@fusebox/api/duration.ts';
import { EXIT, type Outcome } from '../exit-codes.ts';
import { type Cluster, ClusterError } from '../kube/cluster.ts';
import { type ObjectName, objectPath } from '../resources.ts';
import { isInvalid, isProgrammed, type KubeObject, labelComplaint, watchedObject } from '../watched-object.ts';

export interface WaitCommand {
  object: ObjectName;
  /** null: the context's. */
  namespace: string | null;
  timeoutMs: number;
}

/** Time, as the waiting needs it. */
export interface Patience {
  nowMs(): number;
  pause(durationMs: number): Promise<void>;
}

const POLL_MS = 200;

/**
 * Waits until every sidecar obeys the object as it stands now: its present generation, or a ConfigMap's present
 * resourceVersion. An object that is refused as it stands ends it at once. @throws ClusterError while it has had no answer yet
 */
export async function wait(cluster: Cluster, command: WaitCommand, patience: Patience): Promise<Outcome> {
  const namespace = command.namespace ?? cluster.namespace;
  const title = `${command.object.kind} ${namespace}/${command.object.name}`;
  const startMs = patience.nowMs();
  let why = '';
  for (;;) {
    try {
      const seen = await look(cluster, command.object, namespace);
      if (seen.end === 'ok') {
        const tookMs = Math.round(patience.nowMs() - startMs);
        return {
          exit: EXIT.ok,
          text: `${title} is in force: ${seen.words} (waited ${formatDuration(tookMs)})\n`,
          complaints: [],
        };
      }
      why = seen.words;
      if (seen.end === 'never') return { exit: EXIT.notOk, text: '', complaints: [`${title}: ${why}`] };
    } catch (error) {
      // An API server may restart while we wait; one that never answered is another matter.
      if (!(error instanceof ClusterError) || error.code !== 'unavailable' || why === '') throw error;
      why = error.message;
    }
    if (patience.nowMs() - startMs >= command.timeoutMs) {
      const waited = formatDuration(command.timeoutMs);
      return { exit: EXIT.notOk, text: '', complaints: [`${title} is not in force after ${waited}: ${why}`] };
    }
    await patience.pause(POLL_MS);
  }
}

interface Seen {
  end: 'ok' | 'never' | null;
  words: string;
}

async function look(cluster: Cluster, name: ObjectName, namespace: string): Promise<Seen> {
  const get = async (of: ObjectName): Promise<KubeObject | null> =>
    (await cluster.get(objectPath(of, namespace))) as KubeObject | null;
  if (name.kind !== 'ConfigMap' && name.kind !== 'LiveConfig') {
    const object = await get(name);
    return object === null ? { end: 'never', words: 'there is no such object' } : judged(name, object);
  }
  // The ConfigMap first: a status that was read before it could be of an older one.
  const configMap = await get({ ...name, kind: 'ConfigMap' });
  if (configMap === null) return { end: 'never', words: 'there is no such ConfigMap' };
  const complaint = labelComplaint(configMap);
  if (complaint !== null) return { end: 'never', words: complaint };
  const liveConfig = await get({ ...name, kind: 'LiveConfig' });
  if (liveConfig === null) return { end: null, words: 'the operator has not seen it yet' };
  return judged({ ...name, kind: 'LiveConfig' }, liveConfig, configMap);
}

function judged({ kind }: ObjectName, object: KubeObject, configMap?: KubeObject): Seen {
  if (isProgrammed(object, configMap)) {
    const { programmed = 'no pods', version = 'none' } = object.status ?? {};
    return { end: 'ok', words: `${programmed} pods, version ${version}` };
  }
  const { notes } = watchedObject(kind, object, configMap);
  const words = notes.length === 0 ? 'the operator has not judged it yet' : notes.join('; ');
  return { end: isInvalid(object, configMap) ? 'never' : null, words };
}
