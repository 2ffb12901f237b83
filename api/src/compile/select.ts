/**
 * First pass: which documents rule these pods, lowest rank first.
 *
 * Of each part (policy, flags) only one document may rule at a rank, as in GEP-713: the oldest, then the first by name.
 * The others are conflicts; that two documents of one rank were merged would make the result depend on chance.
 */
import type { ConfigKeys } from '../config-values.ts';
import type { Document } from '../document.ts';
import { canonicalJson } from '../digest.ts';
import type { FlagsSpec } from '../flag-set.ts';
import type { PolicySpec } from '../resilience-policy.ts';
import type { SidecarProfileSpec } from '../sidecar-profile.ts';
import type { SnapshotSource } from '../snapshot.ts';
import { isClusterWide } from './cluster-profile.ts';
import { aimOf, judgeAim, type Who } from './who.ts';

/** A document that another of its rank has kept out. */
export interface Conflict {
  /** What of the document is kept out: a ConfigMap may lose one and win the other. */
  part: 'policy' | 'flags' | 'config';
  loser: SnapshotSource;
  winner: SnapshotSource;
  message: string;
}

/** The winners, lowest rank first. */
export interface Selection {
  policies: PolicySpec[];
  /** Does anything rule the traffic? A profile that only says how the sidecar runs does not. */
  ruled: boolean;
  flags: FlagsSpec[];
  /** How the sidecar runs. */
  profiles: SidecarProfileSpec[];
  /** Keys for the service. */
  config: ConfigKeys[];
  sources: SnapshotSource[];
  conflicts: Conflict[];
  warnings: string[];
}

/** From low to high; what is aimed at one workload stands above what is for the namespace. */
const RANKS = {
  clusterProfile: 0,
  profile: 1,
  namespace: 2,
  targeted: 3,
  namespaceConfigMap: 4,
  targetedConfigMap: 5,
} as const;

interface Candidate<Spec> {
  rank: number;
  source: SnapshotSource;
  createdAt: string | null;
  spec: Spec;
}

/** Chooses among `documents`, whatever their order, those that rule the pods described by `who`. */
export function select(documents: readonly Document[], who: Who): Selection {
  const warnings: string[] = [];
  const policies: Candidate<PolicySpec>[] = [];
  const flags: Candidate<FlagsSpec>[] = [];
  const config: Candidate<ConfigKeys>[] = [];
  const profiles: Candidate<SidecarProfileSpec>[] = [];
  for (const document of documents) {
    const verdict = judgeAim(document, who);
    if (verdict === 'other') continue;
    if (verdict === 'unknown') {
      warnings.push(
        `${nameOf(sourceOf(document))} is for certain workloads; it applies, since nobody said which this is`,
      );
    }
    addCandidates(document, { policies, flags, config, profiles });
  }
  if (documents.length > 0 && policies.length + flags.length + config.length === 0) {
    warnings.push(`none of ${documents.length} documents is for this workload`);
  }
  const conflicts: Conflict[] = [];
  const rulingPolicies = winners(policies, 'policy', conflicts);
  const rulingFlags = winners(flags, 'flags', conflicts);
  const rulingConfig = winners(config, 'config', conflicts);
  return {
    policies: rulingPolicies.map(({ spec }) => spec),
    ruled: rulingPolicies.some(({ rank, spec }) => rank > RANKS.profile || spec.inbound !== undefined),
    flags: rulingFlags.map(({ spec }) => spec),
    // Conflicts of profiles are told above: the same documents are candidates there.
    profiles: winners(profiles, 'policy', []).map(({ spec }) => spec),
    config: rulingConfig.map(({ spec }) => spec),
    sources: sourcesOf([...rulingPolicies, ...rulingFlags, ...rulingConfig]),
    conflicts,
    warnings: warnings.toSorted(),
  };
}

interface Candidates {
  policies: Candidate<PolicySpec>[];
  flags: Candidate<FlagsSpec>[];
  config: Candidate<ConfigKeys>[];
  profiles: Candidate<SidecarProfileSpec>[];
}

function addCandidates(document: Document, { policies, flags, config, profiles }: Candidates): void {
  const { createdAt } = document;
  const source = sourceOf(document);
  const aimed = aimOf(document) !== null;
  switch (document.kind) {
    case 'SidecarProfile': {
      const rank = isClusterWide(document) ? RANKS.clusterProfile : RANKS.profile;
      policies.push({ rank, source, createdAt, spec: profileAsPolicy(document.spec) });
      profiles.push({ rank, source, createdAt, spec: document.spec });
      break;
    }
    case 'ResiliencePolicy':
      policies.push({ rank: aimed ? RANKS.targeted : RANKS.namespace, source, createdAt, spec: document.spec });
      break;
    case 'FeatureFlagSet':
      flags.push({ rank: aimed ? RANKS.targeted : RANKS.namespace, source, createdAt, spec: document.spec });
      break;
    case 'ConfigMap': {
      const rank = aimed ? RANKS.targetedConfigMap : RANKS.namespaceConfigMap;
      if (document.policy !== null) policies.push({ rank, source, createdAt, spec: document.policy });
      if (document.flags !== null) flags.push({ rank, source, createdAt, spec: document.flags });
      if (document.config !== null) config.push({ rank, source, createdAt, spec: document.config });
      break;
    }
  }
}

function profileAsPolicy(spec: (Document & { kind: 'SidecarProfile' })['spec']): PolicySpec {
  const policy: PolicySpec = {};
  if (spec.defaults?.inbound !== undefined) policy.inbound = { defaults: spec.defaults.inbound };
  if (spec.tracing?.sampleRatio !== undefined) policy.tracing = { sampleRatio: spec.tracing.sampleRatio };
  return policy;
}

function winners<Spec>(
  candidates: readonly Candidate<Spec>[],
  part: Conflict['part'],
  conflicts: Conflict[],
): Candidate<Spec>[] {
  const ranks = Map.groupBy(candidates, ({ rank }) => rank);
  return [...ranks.keys()]
    .toSorted((a, b) => a - b)
    .map((rank) => {
      const [winner, ...losers] = byAge(ranks.get(rank)!);
      for (const loser of losers) conflicts.push(conflict(part, loser, winner!));
      return winner!;
    });
}

/** Oldest first, then by name. Where one has no age (it comes from a file), ages cannot be compared and the name decides. */
function byAge<Spec>(candidates: readonly Candidate<Spec>[]): Candidate<Spec>[] {
  const aged = candidates.every(({ createdAt }) => createdAt !== null);
  const keyed = candidates.map((candidate) => {
    const { createdAt, source, spec } = candidate;
    const key = [aged ? createdAt! : '', source.name, source.namespace ?? '', canonicalJson(spec), createdAt ?? ''];
    return { candidate, key };
  });
  return keyed.toSorted((a, b) => compareTexts(a.key, b.key)).map(({ candidate }) => candidate);
}

function compareTexts(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((text, index) => text !== b[index]);
  if (at === -1) return 0;
  return a[at]! < b[at]! ? -1 : 1;
}

function conflict(part: Conflict['part'], loser: Candidate<unknown>, winner: Candidate<unknown>): Conflict {
  const why = loser.createdAt !== null && winner.createdAt !== null && loser.createdAt > winner.createdAt;
  const message =
    `the ${part} of ${nameOf(loser.source)} gave way to ${nameOf(winner.source)}, ` +
    `which has the same rank and ${why ? 'is older' : 'comes first by name'}`;
  return { part, loser: loser.source, winner: winner.source, message };
}

/** By rank; a ConfigMap that rules twice stands here once. */
function sourcesOf(candidates: readonly Candidate<unknown>[]): SnapshotSource[] {
  const keyed = candidates.map(({ rank, source }) => ({
    source,
    key: [String(rank), source.kind, source.namespace ?? '', source.name],
  }));
  const sorted = keyed.toSorted((a, b) => compareTexts(a.key, b.key));
  return sorted
    .filter(({ key }, at) => at === 0 || compareTexts(key, sorted[at - 1]!.key) !== 0)
    .map(({ source }) => source);
}

const sourceOf = ({ kind, namespace, name }: Document): SnapshotSource => ({ kind, namespace, name });

const nameOf = ({ kind, namespace, name }: SnapshotSource): string =>
  `${kind} ${namespace === null ? '' : `${namespace}/`}${name}`;
