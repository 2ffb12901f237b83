/** Third pass: what nobody said gets its built-in value; durations become milliseconds, percents ratios. */
import type { BreakerSpec } from '../breaker-settings.ts';
import { WINDOW_LIMITS } from '../window-limits.ts';
import type { ConcurrencySpec } from '../concurrency-settings.ts';
import { parseDuration } from '../duration.ts';
import type { RateLimitSpec } from '../rate-limit-settings.ts';
import type { RouteDefaultsSpec } from '../route-settings.ts';
import type { BreakerSettings, ConcurrencySettings, Mode, RateLimitSettings, RouteSettings } from '../snapshot.ts';

/** What settles the blocks of a route beside what they say themselves. */
export interface Surroundings {
  /** Of the merged policy: the mode of every block that does not say its own. */
  mode: Mode;
  /** false: nothing rules these pods, and their traffic must stay as it was. */
  ruled: boolean;
  warn(message: string): void;
}

/** The blocks of a route (`name` is for warnings), complete. */
export function settleBlocks(
  name: string,
  spec: RouteDefaultsSpec,
  around: Surroundings,
): Omit<RouteSettings, 'name' | 'match' | 'when' | 'flag'> {
  return {
    timeoutMs: limitMs(spec.timeout, around.ruled ? '15s' : '0s'),
    idleTimeoutMs: limitMs(spec.idleTimeout, around.ruled ? '60s' : '0s'),
    maxDurationMs: limitMs(spec.maxDuration, '0s'),
    concurrency: spec.concurrency === undefined ? null : settleConcurrency(spec.concurrency, around),
    rateLimit: spec.rateLimit === undefined ? null : settleRateLimit(name, spec.rateLimit, around),
    circuitBreaker: settleBreaker(name, spec.circuitBreaker ?? {}, around),
  };
}

function settleConcurrency(spec: ConcurrencySpec, around: Surroundings): ConcurrencySettings {
  return {
    mode: spec.mode ?? around.mode,
    maxConcurrent: spec.maxConcurrent ?? 1024,
    queueSize: spec.queue?.size ?? 0,
    queueTimeoutMs: toMs(spec.queue?.timeout ?? '1s'),
  };
}

function settleRateLimit(name: string, spec: RateLimitSpec, around: Surroundings): RateLimitSettings | null {
  const { requestsPerSecond, per } = spec;
  if (requestsPerSecond === undefined) {
    around.warn(`the rateLimit of ${name} says no requestsPerSecond: it limits nothing`);
    return null;
  }
  return {
    mode: spec.mode ?? around.mode,
    requestsPerSecond,
    burst: spec.burst ?? Math.max(1, Math.ceil(requestsPerSecond)),
    per: settlePer(per),
  };
}

function settlePer(per: RateLimitSpec['per']): RateLimitSettings['per'] {
  if (per?.header !== undefined) return { kind: 'header', name: per.header.toLowerCase() };
  return { kind: per?.clientAddress === true ? 'clientAddress' : 'route' };
}

function settleBreaker(name: string, spec: BreakerSpec, around: Surroundings): BreakerSettings {
  const window = settleWindow(name, spec.slidingWindow ?? {}, around);
  const minimumNumberOfCalls = spec.minimumNumberOfCalls ?? 20;
  const resetTimeoutMs = toMs(spec.resetTimeout ?? '5s');
  const slowMs = spec.slowCallDurationThreshold === undefined ? null : toMs(spec.slowCallDurationThreshold);
  const slowCallRate = spec.slowCallRateThreshold ?? 100;
  const failureRate = spec.failureRateThreshold ?? 50;
  return {
    // Where nothing rules, the circuit only watches: a sidecar without settings changes nobody's traffic.
    mode: spec.mode ?? (around.ruled ? around.mode : 'Shadow'),
    forced: spec.forced ?? null,
    failureThreshold: spec.failureThreshold ?? 5,
    failureRateThreshold: failureRate === 0 ? null : failureRate / 100,
    slowCallRateThreshold: slowCallRate === 0 ? 1 : slowCallRate / 100,
    slowCallDurationMs: slowCallRate === 0 ? null : slowMs,
    window,
    minimumNumberOfCalls: window.type === 'Count' ? Math.min(minimumNumberOfCalls, window.size) : minimumNumberOfCalls,
    resetTimeoutMs,
    // Two documents, or a document and what is built in, may contradict each other: the shorter wait gives way.
    maxResetTimeoutMs: Math.max(toMs(spec.maxResetTimeout ?? '60s'), resetTimeoutMs),
    resetJitter: (spec.resetJitter ?? 20) / 100,
    halfOpenAllowedRequests: spec.halfOpenAllowedRequests ?? 3,
    maxHalfOpenDurationMs: toMs(spec.maxHalfOpenDuration ?? '30s'),
    failOn: settleFailOn(spec.failOn ?? ['5xx', 'connect', 'reset', 'timeout']),
    abandonedAfterMs: spec.abandonedAfter === undefined ? (slowMs ?? 3_000) : toMs(spec.abandonedAfter),
  };
}

function settleWindow(
  name: string,
  spec: NonNullable<BreakerSpec['slidingWindow']>,
  around: Surroundings,
): BreakerSettings['window'] {
  const type = spec.type ?? 'Time';
  const size = spec.size ?? (type === 'Time' ? 10 : 100);
  const limit = WINDOW_LIMITS[type];
  if (size <= limit) return { type, size };
  // Type and size come from two documents: each could not know what the other says.
  around.warn(`the slidingWindow of ${name} has size ${size}, above the maximum of a ${type} window: ${limit} holds`);
  return { type, size: limit };
}

function settleFailOn(failures: readonly string[]): BreakerSettings['failOn'] {
  const classes = failures.filter((failure) => failure.endsWith('xx')).map((failure) => Number(failure[0]));
  const codes = failures.map(Number).filter((code) => !Number.isNaN(code));
  return {
    statusClasses: sortedOnce(classes),
    statusCodes: sortedOnce(codes),
    connect: failures.includes('connect'),
    reset: failures.includes('reset'),
    timeout: failures.includes('timeout'),
  };
}

const sortedOnce = (numbers: readonly number[]): number[] => [...new Set(numbers)].toSorted((a, b) => a - b);

/** `0s` means no limit, as in Gateway API's GEP-1742. */
function limitMs(written: string | undefined, builtIn: string): number | null {
  const limit = toMs(written ?? builtIn);
  return limit === 0 ? null : limit;
}

/** @throws RangeError for what no validated document can hold. */
function toMs(duration: string): number {
  const durationMs = parseDuration(duration);
  if (durationMs === null) throw new RangeError(`"${duration}" is not a duration`);
  return durationMs;
}
