import type { LiveConfigStatus, ObjectStatus } from '@fusebox/api/object-status.ts';
import type { StatusFacts } from '../status/conditions.ts';
import type { Ruling } from './fleet.ts';

/** A LiveConfig, as far as the operator looks at it. */
export interface LiveConfigFacts {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  /** UID of the ConfigMap that owns it; null: it is not one of the operator's making. */
  ownerUid: string | null;
  /** Name of the ConfigMap in its spec. */
  configMap: string | null;
  status: LiveConfigStatus | null;
}

/** A ControllerRevision that keeps the last good settings of a source. */
export interface SavedRevision {
  namespace: string;
  name: string;
  /** UID of the source. */
  ownerUid: string;
  /** Of the source when it was saved: see `revisionOf`. */
  revision: number;
}

/** All that a turn about one source looks at. */
export interface World extends Omit<StatusFacts, 'generation' | 'sameEdit' | 'problems' | 'instead'> {
  key: string;
  /** null: the source is gone. */
  ruling: Ruling | null;
  /** null: there is none, or the source is no ConfigMap. */
  liveConfig: LiveConfigFacts | null;
  /** Of this source, whatever they are called. */
  revisions: readonly SavedRevision[];
  /** The status that was written or seen last. */
  statusBefore: ObjectStatus | null;
  /** When status was written last (ms, monotonic); null: not by this process. */
  writtenAtMs: number | null;
}
