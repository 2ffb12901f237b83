import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { metricsOfAll } from './metrics-of-workers.ts';

/** What the service counts, for `GET /metrics`. One set for each service: tests run several in one process. */
export interface Metrics {
  /** Look-ups of users by result: hit, miss, or error where the cache could not say. */
  readonly cacheReads: Counter<'result'>;
  /** Writes and invalidations that the cache did not take. */
  readonly cacheFailedWrites: Counter;
  /** Events of the outbox by result: published, parked for good, or failed for now. */
  readonly events: Counter<'result'>;
  /** Messages that a consumer set aside. */
  readonly deadLetters: Counter<'consumer'>;
  /** Requests that the service could not deal with at that time, by the code of the answer. */
  readonly refusals: Counter<'code'>;
  /** 1 while the server of flags answers. */
  readonly flagsServerUp: Gauge;
  /** Prometheus text, of all workers. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const cacheReads = new Counter({
    name: 'users_cache_reads_total',
    help: 'Look-ups of users in the cache.',
    labelNames: ['result'],
    registers,
  });
  // A series that appears with its first event hides that event from `rate()`.
  for (const result of ['hit', 'miss', 'error']) cacheReads.inc({ result }, 0);
  const events = new Counter({
    name: 'users_events_total',
    help: 'Events that the outbox gave to the broker, or tried to.',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['published', 'parked', 'failed']) events.inc({ result }, 0);
  const refusals = new Counter({
    name: 'users_refusals_total',
    help: 'Requests that the service could not deal with at that time.',
    labelNames: ['code'],
    registers,
  });
  for (const code of ['overloaded', 'database-unavailable', 'database-timeout']) refusals.inc({ code }, 0);
  return {
    cacheReads,
    refusals,
    events,
    deadLetters: new Counter({
      name: 'users_dead_letters_total',
      help: 'Messages that a consumer set aside.',
      labelNames: ['consumer'],
      registers,
    }),
    cacheFailedWrites: new Counter({
      name: 'users_cache_failed_writes_total',
      help: 'Writes and invalidations that the cache did not take.',
      registers,
    }),
    flagsServerUp: new Gauge({
      name: 'users_flags_server_up',
      help: 'Whether the server of feature flags answers (1) or its last values are used (0).',
      aggregator: 'min',
      registers,
    }),
    text: metricsOfAll(registry),
    contentType: registry.contentType,
  };
}
