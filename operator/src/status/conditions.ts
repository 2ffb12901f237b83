/**
 * What the user reads: the three conditions and the counts, from facts. Computed here and nowhere else.
 *
 * `Programmed` says True only of what pods have confirmed: every ready one, for the present generation. All else is False with
 * a reason; it is never Unknown, since `kubectl wait` waits for True.
 */
import type { Condition, ObjectStatus } from '@fusebox/api/object-status.ts';
import type { PodStanding } from './pod-standing.ts';

/** A pod that a source is for, and that is Ready and not ending. */
export interface MatchedPod {
  name: string;
  standing: PodStanding;
}

export interface StatusFacts {
  /** Of the object whose status this is. */
  generation: number;
  /** Does the status before speak of the same edit? */
  sameEdit: boolean;
  /** What is wrong with the present settings; empty: nothing. */
  problems: readonly string[];
  /** What is in force when the present settings are not. */
  instead: 'lastGood' | 'none' | 'frozen';
  /** Where others of the same rank came first, each naming the winner. */
  conflicts: readonly string[];
  /** Odd things that change nothing. */
  warnings: readonly string[];
  pods: readonly MatchedPod[];
  /** Pods that are not Ready, or ending (count). */
  otherPods: number;
  /** Sources that make some of these pods keep what they run. */
  heldBy: readonly string[];
  /** Services that lead past the sidecars of these pods. */
  bypasses: readonly string[];
  /** Pods that run, but not as a new one would. */
  outdated: readonly string[];
  /** Digest of what these pods are to obey; null: nothing to tell. */
  version: string | null;
  openCircuits: readonly string[];
  /** From the edit until the last pod confirmed (ms); null: not known. */
  propagationMs: number | null;
  nowMs: number;
  /** `2026-01-31T12:00:00Z`. */
  nowText: string;
}

/** After this long (ms) a ready pod that says it brings a sidecar, and whose sidecar never answered, has none. */
export const NOT_INJECTED_AFTER_MS = 30_000;

/** How many faults, pods or names a message lists (count): it is read by people. */
const LISTED = 10;
const MAX_MESSAGE = 4_096;

interface Verdict {
  status: 'True' | 'False';
  reason: string;
  message: string;
}

/** The status of a source, given what stood there before. */
export function statusOf(facts: StatusFacts, before: ObjectStatus | null): ObjectStatus {
  const { generation, nowText, pods, version, openCircuits } = facts;
  const verdicts = { Accepted: accepted(facts), Programmed: programmed(facts), Degraded: degraded(facts) };
  const count = (is: PodStanding['is']): number => pods.filter(({ standing }) => standing.is === is).length;
  const conditions = Object.entries(verdicts).map(([type, { status, reason, message }]): Condition => {
    const old = before?.conditions?.find((condition) => condition.type === type);
    return {
      type: type as Condition['type'],
      status,
      observedGeneration: generation,
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : nowText,
      reason,
      message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message,
    };
  });
  // Measured once for each edit: a pod that comes a day later was not late.
  const measuredMs = facts.sameEdit ? (before?.propagationMs ?? null) : null;
  const propagationMs = measuredMs ?? (verdicts.Programmed.status === 'True' ? facts.propagationMs : null);
  // Bad settings have no version; that of the good ones before says that there were any.
  const shownVersion = version ?? (facts.problems.length > 0 ? (before?.version ?? null) : null);
  return {
    conditions,
    pods: { matched: pods.length, programmed: count('programmed'), rejected: count('rejected') },
    programmed: `${count('programmed')}/${pods.length}`,
    ...(openCircuits.length > 0 && { openCircuits: listed(openCircuits, ',') }),
    ...(shownVersion !== null && { version: shownVersion }),
    ...(propagationMs !== null && { propagationMs }),
  };
}

function accepted({ problems, conflicts, warnings }: StatusFacts): Verdict {
  if (problems.length > 0) return { status: 'False', reason: 'Invalid', message: listed(problems, '; ') };
  if (conflicts.length > 0) return { status: 'False', reason: 'Conflicted', message: listed(conflicts, '; ') };
  return { status: 'True', reason: 'Accepted', message: listed(warnings, '; ') };
}

function programmed(facts: StatusFacts): Verdict {
  const { problems, conflicts, pods, otherPods, heldBy } = facts;
  const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
  const named = (is: PodStanding['is']): string[] => pods.filter(({ standing }) => standing.is === is).map(nameOf);
  if (problems.length > 0) return no('Invalid', INSTEAD[facts.instead]);
  if (conflicts.length > 0) return no('Conflicted', 'another object of the same rank is in force instead');
  if (pods.length === 0) {
    const others = otherPods === 0 ? '' : `; ${otherPods} match, but are not ready`;
    return no('NoPods', `no ready pod that takes part matches${others}`);
  }
  const missing = pods.filter((pod) => isMissing(pod, facts.nowMs)).map(nameOf);
  if (missing.length > 0) return no('NotInjected', `without a sidecar: ${listed(missing, ', ')}`);
  const rejected = named('rejected');
  if (rejected.length > 0) return no('Rejected', `refused by the sidecars of ${listed(rejected, ', ')}`);
  const late = [...named('pending'), ...named('silent')];
  if (late.length === 0)
    return { status: 'True', reason: 'Programmed', message: `obeyed by ${pods.length} of ${pods.length} pods` };
  if (heldBy.length > 0) return no('Frozen', `not confirmed by ${listed(late, ', ')}; held by ${listed(heldBy, ', ')}`);
  return no('Pending', `not confirmed yet by ${listed(late, ', ')}`);
}

const INSTEAD: Readonly<Record<StatusFacts['instead'], string>> = {
  lastGood: 'the present settings are not valid; the last good ones stay in force',
  none: 'the settings are not valid, and there were none before',
  frozen: 'the settings are not valid, and the last good ones are not known; pods keep what they run',
};

function degraded(facts: StatusFacts): Verdict {
  const { pods, heldBy, bypasses, outdated } = facts;
  const missing = pods.filter((pod) => isMissing(pod, facts.nowMs));
  if (heldBy.length > 0) {
    const message = `pods keep what they run, since the last good settings are not known of ${listed(heldBy, ', ')}`;
    return { status: 'True', reason: 'Frozen', message };
  }
  if (missing.length > 0) {
    const advice = missing.every(({ standing }) => standing.is === 'bare' && standing.why !== null);
    const names = listed(missing.map(nameOf), ', ');
    const message = `opted in, but without a sidecar: ${names}${advice ? '' : '; restart these pods'}`;
    return { status: 'True', reason: 'NotInjected', message };
  }
  if (bypasses.length > 0) {
    return { status: 'True', reason: 'Bypassed', message: `past the sidecar: ${listed(bypasses, '; ')}` };
  }
  if (outdated.length > 0) {
    const message = `${outdated.length} of ${pods.length} pods run otherwise than new ones would; restart ${listed(outdated, ', ')}`;
    return { status: 'True', reason: 'Outdated', message };
  }
  return { status: 'False', reason: 'Healthy', message: '' };
}

function nameOf({ name, standing }: MatchedPod): string {
  if (standing.is === 'rejected') return `${name} (${standing.reason})`;
  return standing.is === 'bare' && standing.why !== null ? `${name} (${standing.why})` : name;
}

/** When (ms, monotonic) this pod will count as one without a sidecar, unless it answers; null: it has answered. */
export const missingAtMs = ({ standing }: MatchedPod): number | null =>
  standing.is === 'silent' ? standing.sinceMs + NOT_INJECTED_AFTER_MS : null;

const isMissing = (pod: MatchedPod, nowMs: number): boolean => {
  if (pod.standing.is === 'bare') return true;
  const atMs = missingAtMs(pod);
  return atMs !== null && nowMs >= atMs;
};

function listed(items: readonly string[], separator: string): string {
  const more = items.length - LISTED;
  const shown = items.slice(0, LISTED).join(separator);
  return more > 0 ? `${shown}${separator}and ${more} more` : shown;
}
