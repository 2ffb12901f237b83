/** What must happen to the API server's objects so that they tell the truth about one source. Pure: same world, same plan. */
import { isDeepStrictEqual } from 'node:util';
import { digestOf } from '@fusebox/api/digest.ts';
import type { Document } from '@fusebox/api/document.ts';
import { LIVE_CONFIG_KIND } from '@fusebox/api/names.ts';
import type { LiveConfigStatus, ObjectStatus } from '@fusebox/api/object-status.ts';
import { missingAtMs, statusOf } from '../status/conditions.ts';
import type { Ruling } from './fleet.ts';
import type { InForce } from './in-force.ts';
import { editOf, objectOf, outlineOf, revisionOf, type Source, sourceKey } from './source.ts';
import type { LiveConfigFacts, SavedRevision, World } from './world.ts';

export type Action =
  /** Read these last good settings; the source is looked at again after that. */
  | { do: 'loadLastGood'; source: Source; revision: string }
  | { do: 'saveLastGood'; source: Source; name: string; data: object; revision: number }
  | { do: 'dropRevision'; revision: SavedRevision }
  /** Make it, or make it the operator's again; its status follows when it has been seen. */
  | { do: 'applyLiveConfig'; source: Source }
  | { do: 'deleteLiveConfig'; liveConfig: LiveConfigFacts }
  | { do: 'applyStatus'; of: StatusOwner; status: ObjectStatus | LiveConfigStatus };

/** The object that carries a status. */
export interface StatusOwner {
  kind: string;
  namespace: string;
  name: string;
  uid: string;
}

/** Between two writes of one status that differ in counts only (ms). */
const PAUSE_MS = 500;

export interface Plan {
  actions: Action[];
  /** When to look again though nothing changed (ms); null: not at all. */
  recheckAfterMs: number | null;
}

export function plan(world: World): Plan {
  const { ruling, liveConfig } = world;
  if (ruling === null) {
    const orphaned = liveConfig !== null && liveConfig.ownerUid !== null;
    return { actions: orphaned ? [{ do: 'deleteLiveConfig', liveConfig }] : [], recheckAfterMs: null };
  }
  const { source, inForce } = ruling;
  if (inForce.state === 'saved') {
    return { actions: [{ do: 'loadLastGood', source, revision: inForce.revision }], recheckAfterMs: null };
  }
  const dueMs = world.pods.flatMap((pod) => missingAtMs(pod) ?? []).filter((atMs) => atMs > world.nowMs);
  const status = planStatus(world, ruling);
  const pauseMs = status.some((action) => isUrgent(action, world.statusBefore)) ? 0 : pauseOf(world);
  if (status.length > 0 && pauseMs > 0) dueMs.push(world.nowMs + pauseMs);
  return {
    actions: [...planRevisions(world, ruling), ...(pauseMs > 0 ? [] : status)],
    recheckAfterMs: dueMs.length === 0 ? null : Math.min(...dueMs) - world.nowMs,
  };
}

/** Counts change with every pod of a rollout; what people and programs wait for is written at once all the same. */
function isUrgent(action: Action, before: ObjectStatus | null): boolean {
  if (action.do !== 'applyStatus') return true;
  const headline = ({ conditions = [] }: ObjectStatus): unknown =>
    conditions.map(({ type, status, reason, observedGeneration }) => [type, status, reason, observedGeneration]);
  const { observedResourceVersion } = liveStatus(action.status)!;
  return (
    before === null ||
    !isDeepStrictEqual(headline(action.status), headline(before)) ||
    observedResourceVersion !== liveStatus(before)?.observedResourceVersion
  );
}

const pauseOf = ({ writtenAtMs, nowMs }: World): number =>
  writtenAtMs === null ? 0 : Math.max(0, writtenAtMs + PAUSE_MS - nowMs);

/**
 * Of good settings one revision is kept; the one before goes only when the new one is there. Every replica does this, also where none
 * leads: otherwise an edit that is enforced already would be lost by a replica that starts while the next one is bad. So a revision
 * of an edit that this replica has not seen yet must stay.
 */
function planRevisions({ revisions }: World, { source, inForce }: Ruling): Action[] {
  if (inForce.state !== 'current' && inForce.state !== 'lastGood') return [];
  const { document, tag } = inForce;
  const name = revisionName(source, document);
  const edit = editOf(tag);
  const others = revisions.filter((saved) => saved.name !== name);
  if (others.length === revisions.length) {
    // A bad edit may come before the good one was saved. What was read from a revision is saved, or was once.
    const isNewest = edit !== null && others.every((saved) => saved.revision < edit);
    const save: Action[] = [{ do: 'saveLastGood', source, name, data: objectOf(document), revision: edit ?? 0 }];
    return inForce.state === 'current' || isNewest ? save : [];
  }
  if (inForce.state !== 'current') return [];
  const older = others.filter((saved) => saved.revision < revisionOf(source));
  return older.map((revision) => ({ do: 'dropRevision', revision }));
}

/** The same settings have the same name, so that they are saved once. */
function revisionName(source: Source, document: Document): string {
  return `fusebox-${digestOf([source.uid, outlineOf(document)]).slice('sha256:'.length, 'sha256:'.length + 20)}`;
}

function planStatus(world: World, { source, inForce }: Ruling): Action[] {
  const { liveConfig } = world;
  if (source.kind !== 'ConfigMap') {
    const { kind, namespace, name, uid } = source;
    const generation = source.generation!;
    const { statusBefore } = world;
    const sameEdit = statusBefore?.conditions?.some(({ observedGeneration }) => observedGeneration === generation);
    const status = statusFrom(world, source, inForce.state, { generation, sameEdit: sameEdit === true });
    return differs(status, statusBefore) ? [{ do: 'applyStatus', of: { kind, namespace, name, uid }, status }] : [];
  }
  if (liveConfig === null || liveConfig.ownerUid !== source.uid || liveConfig.configMap !== source.name) {
    return [{ do: 'applyLiveConfig', source }];
  }
  const statusBefore = liveStatus(world.statusBefore);
  const status: LiveConfigStatus = {
    ...statusFrom(world, source, inForce.state, {
      generation: liveConfig.generation,
      sameEdit: statusBefore?.observedResourceVersion === source.resourceVersion,
    }),
    observedResourceVersion: source.resourceVersion!,
  };
  const { namespace, name, uid } = liveConfig;
  const of = { kind: LIVE_CONFIG_KIND, namespace, name, uid };
  return differs(status, statusBefore) ? [{ do: 'applyStatus', of, status }] : [];
}

/** A ConfigMap's status is that of its LiveConfig. */
const liveStatus = (status: ObjectStatus | null): LiveConfigStatus | null => status;

const differs = (status: ObjectStatus, before: ObjectStatus | null): boolean => !isDeepStrictEqual(status, before);

function statusFrom(
  world: World,
  source: Source,
  state: InForce['state'],
  edit: { generation: number; sameEdit: boolean },
): ObjectStatus {
  const problems = 'problems' in source.reading ? source.reading.problems : [];
  const instead = state === 'lastGood' || state === 'frozen' ? state : 'none';
  const ownHold = state === 'frozen' ? [sourceKey(source)] : [];
  const heldBy = [...new Set([...ownHold, ...world.heldBy])];
  return statusOf({ ...world, ...edit, problems, instead, heldBy }, world.statusBefore);
}
