/** Carries out what a plan says, one request for each action. */
import type { KubeClient } from '../kube/client.ts';
import { hasCode } from '../kube/kube-error.ts';
import { apiVersionOf, type KubeObject, type OwnerReference, type Resource, resources } from '../kube/resource.ts';
import { FIELD_MANAGER, LAST_GOOD_LABEL, MANAGED } from '../reconcile/kept-objects.ts';
import type { Action } from '../reconcile/plan.ts';
import type { Source } from '../reconcile/source.ts';

/** Everything but what changes the operator's own mind. */
export type Write = Exclude<Action, { do: 'loadLastGood' }>;

/** Does it. That somebody was faster, or that the object is gone, is no failure: the watch tells, and there is another turn. */
export async function write(client: KubeClient, action: Write): Promise<void> {
  try {
    await send(client, action);
  } catch (error) {
    if (!hasCode(error, 'Conflict') && !(hasCode(error, 'NotFound') && action.do === 'applyStatus')) throw error;
  }
}

async function send(client: KubeClient, action: Write): Promise<unknown> {
  switch (action.do) {
    case 'applyStatus': {
      const { kind, namespace, name, uid } = action.of;
      // With its UID: an object that was deleted and made again has another story.
      const object: KubeObject = { metadata: { namespace, name, uid }, status: action.status };
      return client.apply(resourceOf(kind), object, {
        fieldManager: FIELD_MANAGER,
        force: true,
        subresource: 'status',
      });
    }
    case 'applyLiveConfig': {
      const { namespace, name } = action.source;
      const metadata = { namespace, name, labels: MANAGED, ownerReferences: [ownerReference(action.source)] };
      const object: KubeObject = { metadata, spec: { configMap: name } };
      return client.apply(resources.liveConfigs, object, { fieldManager: FIELD_MANAGER, force: true });
    }
    case 'deleteLiveConfig': {
      const { namespace, name, uid } = action.liveConfig;
      return client.delete(resources.liveConfigs, { namespace, name, uid });
    }
    case 'saveLastGood': {
      const { source, name, data, revision } = action;
      const labels = { ...MANAGED, [LAST_GOOD_LABEL]: 'true' };
      const metadata = { namespace: source.namespace, name, labels, ownerReferences: [ownerReference(source)] };
      return client.create(
        resources.controllerRevisions,
        { metadata, data, revision },
        { fieldManager: FIELD_MANAGER },
      );
    }
    case 'dropRevision': {
      const { namespace, name } = action.revision;
      return client.delete(resources.controllerRevisions, { namespace, name });
    }
  }
}

function ownerReference({ kind, name, uid }: Source): OwnerReference {
  const apiVersion = apiVersionOf(resourceOf(kind));
  return { apiVersion, kind, name, uid, controller: true };
}

function resourceOf(kind: string): Resource {
  const found = Object.values<Resource>(resources).find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind} is known here`);
  return found;
}
