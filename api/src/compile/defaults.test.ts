import { describe, expect, test } from 'vitest';

import type { BreakerSpec } from '../breaker-settings.ts';
import type { RouteDefaultsSpec } from '../route-settings.ts';
import type { Mode } from '../snapshot.ts';
import { settleBlocks } from './defaults.ts';

function settle(spec: RouteDefaultsSpec, around: { mode?: Mode; ruled?: boolean } = {}) {
  const warnings: string[] = [];
  const settled = settleBlocks('defaults', spec, {
    mode: 'Enforce',
    ruled: true,
    warn: (message) => warnings.push(message),
    ...around,
  });
  return { ...settled, warnings };
}
const breaker = (circuitBreaker: BreakerSpec) => settle({ circuitBreaker }).circuitBreaker;

describe('once anything rules', () => {
  test('timeouts and the circuit breaker are as the design says, other blocks are not there', () => {
    expect(settle({})).toEqual({
      timeoutMs: 15_000,
      idleTimeoutMs: 60_000,
      maxDurationMs: null,
      concurrency: null,
      rateLimit: null,
      circuitBreaker: {
        mode: 'Enforce',
        forced: null,
        failureThreshold: 5,
        failureRateThreshold: 0.5,
        slowCallRateThreshold: 1,
        slowCallDurationMs: null,
        window: { type: 'Time', size: 10 },
        minimumNumberOfCalls: 20,
        resetTimeoutMs: 5_000,
        maxResetTimeoutMs: 60_000,
        resetJitter: 0.2,
        halfOpenAllowedRequests: 3,
        maxHalfOpenDurationMs: 30_000,
        failOn: { statusClasses: [5], statusCodes: [], connect: true, reset: true, timeout: true },
        abandonedAfterMs: 3_000,
      },
      warnings: [],
    });
  });

  test('a block that is named has its defaults', () => {
    expect(settle({ concurrency: {} }).concurrency).toEqual({
      mode: 'Enforce',
      maxConcurrent: 1024,
      queueSize: 0,
      queueTimeoutMs: 1_000,
    });
    expect(settle({ rateLimit: { requestsPerSecond: 2.5 } }).rateLimit).toEqual({
      mode: 'Enforce',
      requestsPerSecond: 2.5,
      burst: 3,
      per: { kind: 'route' },
    });
  });
});

test('while nothing rules, nothing is limited and the circuit only watches', () => {
  const { timeoutMs, idleTimeoutMs, maxDurationMs, circuitBreaker } = settle({}, { ruled: false });
  expect([timeoutMs, idleTimeoutMs, maxDurationMs, circuitBreaker.mode]).toEqual([null, null, null, 'Shadow']);
});

test('0s is no limit', () => {
  const { timeoutMs, idleTimeoutMs, maxDurationMs } = settle({ timeout: '0s', idleTimeout: '0s', maxDuration: '0s' });
  expect([timeoutMs, idleTimeoutMs, maxDurationMs]).toEqual([null, null, null]);
});

describe('the mode of a block', () => {
  test.each(['Enforce', 'Shadow', 'Disabled'] as const)('is that of the policy, %s, when it says none', (mode) => {
    const settled = settle({ concurrency: {}, rateLimit: { requestsPerSecond: 1 } }, { mode });
    expect([settled.concurrency?.mode, settled.rateLimit?.mode, settled.circuitBreaker.mode]).toEqual([
      mode,
      mode,
      mode,
    ]);
  });

  test('is its own, also in a policy that is disabled', () => {
    const settled = settle(
      { concurrency: { mode: 'Shadow' }, circuitBreaker: { mode: 'Enforce' } },
      { mode: 'Disabled' },
    );
    expect([settled.concurrency?.mode, settled.circuitBreaker.mode]).toEqual(['Shadow', 'Enforce']);
  });
});

describe('a rate limit', () => {
  test.each([
    [0.1, 1],
    [1, 1],
    [1.01, 2],
    [50, 50],
  ])('of %d per second lets %d come at once', (requestsPerSecond, burst) => {
    expect(settle({ rateLimit: { requestsPerSecond } }).rateLimit?.burst).toBe(burst);
  });

  test('has buckets by header, in lower case, or by client address', () => {
    const per = (spec: object) => settle({ rateLimit: { requestsPerSecond: 1, per: spec } }).rateLimit?.per;
    expect(per({ header: 'X-Api-Key' })).toEqual({ kind: 'header', name: 'x-api-key' });
    expect(per({ clientAddress: true })).toEqual({ kind: 'clientAddress' });
  });

  test('for which nobody says how much is none, with a warning', () => {
    const { rateLimit, warnings } = settle({ rateLimit: { burst: 5 } });
    expect(rateLimit).toBeNull();
    expect(warnings).toEqual(['the rateLimit of defaults says no requestsPerSecond: it limits nothing']);
  });
});

describe('a circuit breaker', () => {
  test('has ratios where people wrote percents', () => {
    expect(breaker({ failureRateThreshold: 12.5, slowCallRateThreshold: 80, resetJitter: 0 })).toMatchObject({
      failureRateThreshold: 0.125,
      slowCallRateThreshold: 0.8,
      resetJitter: 0,
    });
  });

  test('has a rule that is off at 0', () => {
    expect(breaker({ failureRateThreshold: 0 }).failureRateThreshold).toBeNull();
    expect(breaker({ slowCallRateThreshold: 0, slowCallDurationThreshold: '1s' }).slowCallDurationMs).toBeNull();
  });

  test('takes a slow call for an abandoned one, unless it says when', () => {
    expect(breaker({ slowCallDurationThreshold: '2s' })).toMatchObject({
      slowCallDurationMs: 2_000,
      abandonedAfterMs: 2_000,
    });
    expect(breaker({ slowCallDurationThreshold: '2s', abandonedAfter: '1s' }).abandonedAfterMs).toBe(1_000);
  });

  test('needs no more calls than its count window holds', () => {
    expect(breaker({ slidingWindow: { type: 'Count', size: 10 } }).minimumNumberOfCalls).toBe(10);
    expect(breaker({ slidingWindow: { type: 'Count' } })).toMatchObject({
      window: { type: 'Count', size: 100 },
      minimumNumberOfCalls: 20,
    });
    expect(breaker({ slidingWindow: { size: 5 } }).minimumNumberOfCalls).toBe(20);
  });

  test('never waits longer at first than at most', () => {
    expect(breaker({ resetTimeout: '2m' })).toMatchObject({ resetTimeoutMs: 120_000, maxResetTimeoutMs: 120_000 });
  });

  test('has a window in range also where type and size came from two documents', () => {
    const { circuitBreaker, warnings } = settle({ circuitBreaker: { slidingWindow: { size: 5_000 } } });
    expect(circuitBreaker.window).toEqual({ type: 'Time', size: 3_600 });
    expect(warnings).toHaveLength(1);
  });

  test('fails on what is listed and nothing else', () => {
    expect(breaker({ failOn: ['5xx', '429', '4xx', '408', '429', 'timeout'] }).failOn).toEqual({
      statusClasses: [4, 5],
      statusCodes: [408, 429],
      connect: false,
      reset: false,
      timeout: true,
    });
  });
});
