/**
 * Technique: circuit breaker, by `opossum`. When most calls of the payment service fail, further ones are refused at once: callers
 * get their answer in no time, and the service gets the time to recover.
 *
 * - Closed: calls pass. It opens when more than `breaker_error_percent` of the calls in the last ten seconds failed, and there were at
 *   least `breaker_minimum_calls` of them.
 * - Open: calls are refused for `breaker_reset_ms`.
 * - Half-open: **one** call is let through as a trial, all others are refused until it has ended. If it succeeds, the circuit closes; if
 *   it fails, it opens again, for as long as before. (opossum has no larger number of trials and no growing wait. A sidecar may have both:
 *   then set `payments.breaker: none`, and let `payments.url` be the sidecar.)
 * - What counts as failure: no answer in time, no usable connection, a 5xx, an answer that makes no sense. A 4xx does not count: it says
 *   that the service works and that this payment is not wanted, and a customer with an empty card must not close the shop for all others.
 *   So the client gives a 4xx as a value, and only failures reject; with a client that rejects for both, it is what `errorFilter` is for.
 * - Each worker has a circuit of its own, and learns for itself.
 * - The client bounds its own time and cancels its own socket; opossum's timeout would only stop listening.
 */
import CircuitBreaker from 'opossum';
import type { Log } from '../log.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Settings } from '../settings/settings.ts';

/** Stands between callers and a service that may fail. */
export interface Breaker {
  /** What `work` resolves to, or how long the circuit stays open. @throws what `work` rejects with: it counts as a failure */
  run<T>(work: () => Promise<T>): Promise<{ value: T } | { retryAfterMs: number }>;
  close(): void;
}

type Work = () => Promise<unknown>;
type Circuit = CircuitBreaker<[Work]>;

export interface BreakerParts {
  settings: Pick<LiveSettings, 'onChange'> & { readonly current: Pick<Settings, 'payments'> };
  log: Log;
  /** ms, of the clock that opossum's own timers follow. */
  nowMs: () => number;
}

const windowMs = 10_000;

/** A circuit that follows the settings, in whatever state it is. */
export function createBreaker({ settings, log, nowMs }: BreakerParts): Breaker {
  let openedAtMs = 0;
  let circuit = build(null);

  function build(before: Circuit | null): Circuit {
    const { payments } = settings.current;
    const resetMs = payments.breaker_reset_ms;
    const options: CircuitBreaker.Options & { state?: object } = {
      name: 'payments',
      timeout: false,
      // opossum opens above the share that it is told, so never at 100.
      errorThresholdPercentage: payments.breaker_error_percent - 1e-6,
      volumeThreshold: payments.breaker_minimum_calls,
      // A circuit that is built open begins its wait anew, so it is told what is left of it.
      resetTimeout: before?.opened === true ? Math.max(1, openedAtMs + resetMs - nowMs()) : resetMs,
      rollingCountTimeout: windowMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      ...(before !== null && { state: { ...before.toJSON().state, lastTimerAt: undefined }, status: before.status }),
    };
    const built: Circuit = new CircuitBreaker((work: Work) => work(), options);
    options.resetTimeout = resetMs; // for the openings to come
    built.on('open', () => {
      openedAtMs = nowMs();
      log.warn('payments: circuit opened', { for_ms: resetMs });
    });
    built.on('halfOpen', () => log.info('payments: circuit half-open, one trial may pass'));
    built.on('close', () => log.info('payments: circuit closed'));
    return built;
  }

  // opossum takes its settings when it is built, so a new one takes over the state and the window of the one before. Calls under
  // way end in the old one, uncounted.
  const stopFollowing = settings.onChange(({ payments: now }, { payments: before }) => {
    const same = (key: keyof Settings['payments']): boolean => now[key] === before[key];
    if (same('breaker_error_percent') && same('breaker_minimum_calls') && same('breaker_reset_ms')) return;
    const old = circuit;
    circuit = build(old);
    old.removeAllListeners();
  });

  return {
    async run<T>(work: () => Promise<T>) {
      // Asked here and not learnt from opossum's error: then an error of `work` can never be taken for one.
      if (!circuit.closed && !circuit.pendingClose) {
        return { retryAfterMs: Math.max(0, openedAtMs + settings.current.payments.breaker_reset_ms - nowMs()) };
      }
      return { value: (await circuit.fire(work)) as T };
    },
    close() {
      stopFollowing();
      circuit.shutdown();
    },
  };
}

/** For `payments.breaker: none`: whatever stands between breaks the circuit. */
export const noBreaker: Pick<Breaker, 'run'> = { run: async (work) => ({ value: await work() }) };
