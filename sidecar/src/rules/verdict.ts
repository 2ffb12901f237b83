/** What the end of a call says about the health of the upstream. */
import type { BreakerSettings } from '@fusebox/api/snapshot.ts';

/** The upstream answered well enough. */
export const OK = 0;
/** The upstream failed, by the user's `failOn`. */
export const FAILED = 1;
/** Says nothing about the upstream: counts neither way. */
export const NO_VERDICT = 2;
export type Verdict = typeof OK | typeof FAILED | typeof NO_VERDICT;

/**
 * How a call ended. `connect`: no connection came about; `reset`: the connection broke or the answer was not valid HTTP;
 * `client-gone`: the caller left first; `refused`: the sidecar refused it itself.
 */
export type OutcomeKind = 'answered' | 'connect' | 'reset' | 'timeout' | 'client-gone' | 'refused';

/** `failOn` and `abandonedAfter`, looked up instead of searched. */
export interface FailureRules {
  /** Verdict by status code, 0–599. */
  byStatus: Uint8Array;
  connect: Verdict;
  reset: Verdict;
  timeout: Verdict;
  abandonedAfterMs: number;
}

const STATUSES = 600;

/** Compiles the rules once, when settings are applied. What `failOn` does not name is a success (as in Resilience4j). */
export function compileFailOn(settings: Pick<BreakerSettings, 'failOn' | 'abandonedAfterMs'>): FailureRules {
  const { failOn, abandonedAfterMs } = settings;
  const byStatus = new Uint8Array(STATUSES).fill(OK);
  for (const statusClass of failOn.statusClasses) byStatus.fill(FAILED, statusClass * 100, statusClass * 100 + 100);
  for (const code of failOn.statusCodes) byStatus[code] = FAILED;
  return {
    byStatus,
    connect: failOn.connect ? FAILED : OK,
    reset: failOn.reset ? FAILED : OK,
    timeout: failOn.timeout ? FAILED : OK,
    abandonedAfterMs,
  };
}

/**
 * The verdict on one finished call. `detail` is the status code of `answered`, the time waited (ms) of `client-gone`, and
 * unused otherwise. A status outside 100–599 is judged as 500 (RFC 9110 §15).
 */
export function judge(rules: FailureRules, kind: OutcomeKind, detail: number): Verdict {
  switch (kind) {
    case 'answered':
      return rules.byStatus[detail >= 100 && detail < STATUSES ? detail : 500] as Verdict;
    case 'client-gone':
      return detail >= rules.abandonedAfterMs ? rules.timeout : NO_VERDICT;
    case 'refused':
      return NO_VERDICT;
    default:
      return rules[kind];
  }
}
