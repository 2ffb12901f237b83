/** What one route has in force and remembers: its settings, circuit, queue and buckets. It outlives every edit of its settings. */
import type { BreakerSettings, Mode, RouteSettings } from '@fusebox/api/snapshot.ts';
import type { Alarm, Exchange } from './exchange.ts';
import type { FlagInForce } from './flag-in-force.ts';
import type { Refusal } from './refusals.ts';
import { clearBuckets, newBucketTable, type BucketTable } from './rules/bucket-table.ts';
import { applySettings, newCircuit, type Circuit } from './rules/circuit.ts';
import { newLimiter, type Limiter } from './rules/limiter.ts';
import type { OpenPeriod } from './rules/off-while.ts';
import { compileFailOn, type FailureRules } from './rules/verdict.ts';

/** Counts what happens on one route. Bound once; on the hot path each call is an addition. */
export interface RouteMetrics {
  answered(status: number, seconds: number): void;
  refused(refusal: Refusal): void;
  /** Shadow: the refusal that was not made. */
  wouldRefuse(refusal: Refusal): void;
  /** The route has left the settings and carries nothing any more. */
  remove(): void;
}

export class RouteState {
  readonly name: string;
  readonly metrics: RouteMetrics;
  /** Rings when the oldest in the queue has waited long enough. */
  readonly queueAlarm: Alarm;
  readonly circuit: Circuit;
  /** When the circuit was last open, for flags that follow it. */
  opening: OpenPeriod | null = null;
  readonly limiter: Limiter<Exchange> = newLimiter<Exchange>();
  readonly buckets: BucketTable = newBucketTable();
  settings: RouteSettings;
  /** Of the policy as a whole: rules the timeouts and the flag gate. */
  mode: Mode = 'Enforce';
  /** The flag that switches it; null: it is always on. */
  gate: FlagInForce | null = null;
  failureRules: FailureRules;
  /** Exchanges that were matched to this route and have not ended (count). */
  exchanges = 0;
  /** In the settings; one that left them drains. */
  inForce = true;

  constructor(settings: RouteSettings, ports: { metrics: RouteMetrics; queueAlarm: Alarm; nowMs: number }) {
    this.name = settings.name;
    this.settings = settings;
    this.metrics = ports.metrics;
    this.queueAlarm = ports.queueAlarm;
    this.circuit = newCircuit(settings.circuitBreaker, ports.nowMs);
    this.failureRules = compileFailOn(settings.circuitBreaker);
  }

  get breaker(): BreakerSettings {
    return this.settings.circuitBreaker;
  }

  /** Puts new settings in force; what was remembered stays (docs/semantics.md, "Live edits"). Buckets are clamped when next used. */
  apply(settings: RouteSettings, mode: Mode, nowMs: number): void {
    const before = this.settings;
    this.settings = settings;
    this.mode = mode;
    this.failureRules = compileFailOn(settings.circuitBreaker);
    applySettings(this.circuit, before.circuitBreaker, settings.circuitBreaker, nowMs);
    if (JSON.stringify(before.rateLimit?.per) !== JSON.stringify(settings.rateLimit?.per)) {
      // Other keys: what stands in the buckets belongs to nobody any more.
      clearBuckets(this.buckets);
    }
  }
}
