/** What the operator keeps of the objects that are its own. */
import type { LiveConfigStatus } from '@fusebox/api/object-status.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { LiveConfigFacts, SavedRevision } from './world.ts';

/** Who writes, in `managedFields` and as a label. */
export const FIELD_MANAGER = 'fusebox-operator';

/** Labels of every object that the operator makes. */
export const MANAGED = { 'app.kubernetes.io/managed-by': FIELD_MANAGER };

/** Label of the ControllerRevisions that keep last good settings. */
export const LAST_GOOD_LABEL = 'fusebox.dev/last-good';

export function liveConfigFacts({ metadata, spec, status }: KubeObject): LiveConfigFacts {
  const { configMap } = Object(spec) as { configMap?: string };
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    ownerUid: ownerOf(metadata),
    configMap: configMap ?? null,
    status: (status as LiveConfigStatus | undefined) ?? null,
  };
}

/** Of a ControllerRevision that somebody owns. */
export function savedRevision({ metadata, revision }: KubeObject): SavedRevision | null {
  const ownerUid = ownerOf(metadata);
  if (ownerUid === null) return null;
  return { namespace: metadata.namespace ?? '', name: metadata.name, ownerUid, revision: Number(revision) };
}

const ownerOf = ({ ownerReferences = [] }: KubeObject['metadata']): string | null =>
  ownerReferences.find(({ controller }) => controller === true)?.uid ?? null;
