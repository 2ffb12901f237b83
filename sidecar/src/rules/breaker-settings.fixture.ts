import type { BreakerSettings } from '@fusebox/api/snapshot.ts';

/** For tests: the built-in defaults, bent by `changes`; no jitter, so that waits are whole numbers. */
export function breakerSettings(changes: Partial<BreakerSettings> = {}): BreakerSettings {
  return {
    mode: 'Enforce',
    forced: null,
    failureThreshold: 5,
    failureRateThreshold: 0.5,
    slowCallRateThreshold: 1,
    slowCallDurationMs: null,
    window: { type: 'Time', size: 10 },
    minimumNumberOfCalls: 20,
    resetTimeoutMs: 5000,
    maxResetTimeoutMs: 60_000,
    resetJitter: 0,
    halfOpenAllowedRequests: 3,
    maxHalfOpenDurationMs: 30_000,
    failOn: { statusClasses: [5], statusCodes: [], connect: true, reset: true, timeout: true },
    abandonedAfterMs: 3000,
    ...changes,
  };
}
