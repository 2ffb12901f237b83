/** Reads all that a turn about one source looks at; writes nothing. */
import type { Clock } from '@fusebox/api/clock.ts';
import { digestOf } from '@fusebox/api/digest.ts';
import { injectedMark, type InjectionDefaults, injectionSettings, isOutdated } from '../inject/injection-settings.ts';
import { timeText } from '../kube/time-text.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { MatchedPod } from '../status/conditions.ts';
import { standingOf } from '../status/pod-standing.ts';
import type { WrittenStatuses } from '../status/written-statuses.ts';
import { bypassesOf } from './bypasses.ts';
import type { Fleet, FleetPod, Group, Ruling } from './fleet.ts';
import type { PodMemories } from './pod-memories.ts';
import type { Settled, Settlement } from './settlement.ts';
import { namesIn, type Source, sourceKey, tagOf } from './source.ts';
import type { LiveConfigFacts, SavedRevision, World } from './world.ts';

/** Where a world is read from. */
export interface Sight {
  fleet: Fleet;
  settlement: Settlement;
  publisher: Pick<Publisher, 'acked' | 'isConnected'>;
  memories: Pick<PodMemories, 'get'>;
  liveConfig(namespace: string, name: string): LiveConfigFacts | null;
  revisions(ownerUid: string): readonly SavedRevision[];
  written: Pick<WrittenStatuses, 'get'>;
  /** Settings that were there before this (ms, monotonic) were edited nobody knows when. */
  syncedAtMs: number;
  /** What a new pod is given where no profile says otherwise; null: nothing is injected. */
  injection: InjectionDefaults | null;
  clock: Clock;
}

export function observe(key: string, sight: Sight): World {
  const { kind, namespace, name } = namesIn(key);
  const { fleet, clock } = sight;
  const ruling = fleet.ruling(key, namespace);
  const liveConfig = kind === 'ConfigMap' ? sight.liveConfig(namespace, name) : null;
  const written = sight.written.get(key);
  const stored = kind === 'ConfigMap' ? (liveConfig?.status ?? null) : (ruling?.source.status ?? null);
  const nowMs = clock.nowMs();
  return {
    key,
    ruling,
    liveConfig,
    revisions: ruling === null ? [] : sight.revisions(ruling.source.uid),
    statusBefore: written === null || written.shown ? stored : written.status,
    writtenAtMs: written?.atMs ?? null,
    ...(ruling === null ? NOBODY : observePods(ruling, sight)),
    nowMs,
    nowText: timeText(clock.wallMs()),
  };
}

type Seen = Pick<
  World,
  | 'pods'
  | 'otherPods'
  | 'conflicts'
  | 'warnings'
  | 'heldBy'
  | 'bypasses'
  | 'outdated'
  | 'version'
  | 'openCircuits'
  | 'propagationMs'
>;

const NOBODY: Seen = {
  pods: [],
  otherPods: 0,
  conflicts: [],
  warnings: [],
  heldBy: [],
  bypasses: [],
  outdated: [],
  version: null,
  openCircuits: [],
  propagationMs: null,
};

function observePods(ruling: Ruling, sight: Sight): Seen {
  const { source } = ruling;
  const key = sourceKey(source);
  const groups = sight.fleet.groupsOf(ruling).map((group) => ({ group, settled: sight.settlement.of(group.key) }));
  const pods: MatchedPod[] = [];
  const open = new Set<string>();
  const bypasses = new Set<string>();
  const outdated: string[] = [];
  let otherPods = 0;
  let lastAckMs: number | null = null;
  for (const { group, settled } of groups) {
    const services = sight.fleet.servicesOf(group).map((one) => ({ ...one, name: titleIn(source, one) }));
    const newMark =
      sight.injection === null ? null : injectedMark(injectionSettings(settled?.profile ?? {}, sight.injection));
    for (const uid of group.pods) {
      const pod = sight.fleet.pod(uid)!;
      for (const { route, state } of sight.publisher.acked(uid)?.circuits ?? [])
        if (state !== 'Closed') open.add(route);
      if (pod.readySinceMs === null || pod.facts.ending) {
        otherPods += 1;
        continue;
      }
      const standing = standingFor(tagOf(source), uid, { pod, settled, sight });
      const name = titleIn(source, pod.facts);
      pods.push({ name, standing });
      const { sidecar } = pod.facts;
      for (const bypass of bypassesOf(sidecar, services)) bypasses.add(bypass);
      const isInjected = newMark !== null && sidecar.kind === 'injected';
      if (isInjected && isOutdated(sidecar.mark, newMark)) outdated.push(name);
      const memory = sight.memories.get(uid);
      if (standing.is === 'programmed' && memory !== null) lastAckMs = Math.max(lastAckMs ?? 0, memory.atMs);
    }
  }
  const compiled = groups.flatMap(({ settled }) => settled?.compiled ?? []);
  const edited = source.seenAtMs > sight.syncedAtMs;
  return {
    pods: pods.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    otherPods,
    conflicts: unique(
      compiled.flatMap(({ conflicts }) =>
        conflicts.filter(({ loser }) => sourceKey(loser) === key).map(({ message }) => message),
      ),
    ),
    warnings: unique(compiled.flatMap(({ warnings }) => warnings)),
    heldBy: unique(groups.flatMap(({ settled }) => settled?.heldBy ?? [])),
    bypasses: [...bypasses].toSorted(),
    outdated: outdated.toSorted(),
    version: versionOf(groups, compiled),
    openCircuits: [...open].toSorted(),
    propagationMs: edited && lastAckMs !== null ? Math.max(0, Math.round(lastAckMs - source.seenAtMs)) : null,
  };
}

/** What is for the whole cluster names a namespace, too. */
const titleIn = (source: Source, { namespace, name }: { namespace: string; name: string }): string =>
  namespace === source.namespace ? name : `${namespace}/${name}`;

function standingFor(
  tag: string,
  uid: string,
  { pod, settled, sight }: { pod: FleetPod; settled: Settled | null; sight: Sight },
) {
  const memory = sight.memories.get(uid);
  return standingOf(
    tag,
    {
      sidecar: pod.facts.sidecar,
      acked: sight.publisher.acked(uid),
      connected: sight.publisher.isConnected(uid),
      ackedBefore: memory?.ackedBefore ?? null,
      silentSinceMs: Math.max(pod.readySinceMs!, memory?.heardMs ?? 0),
    },
    { snapshot: settled?.compiled?.snapshot ?? null, madeOf: settled?.madeOf ?? new Map() },
  );
}

/** One digest where all these pods have one, else a digest of their digests. */
function versionOf(
  groups: readonly { group: Group }[],
  compiled: readonly { snapshot: { digest: string } }[],
): string | null {
  const digests = unique(compiled.map(({ snapshot }) => snapshot.digest)).toSorted();
  if (groups.length === 0 || digests.length === 0) return null;
  return digests.length === 1 ? digests[0]! : digestOf(digests);
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
