import type { Clock } from '@fusebox/api/clock.ts';
import type { RouteState } from '../route-state.ts';
import type { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { STATE_NAMES, type InForce } from './views.ts';
import type { SettingsState } from './settings-source.ts';

/** Gauges that are read from what a route remembers; they leave with it. */
export function registerRouteGauges(registry: MetricsRegistry, route: RouteState): void {
  const labels = { direction: 'inbound', route: route.name };
  for (const [kind, state] of Object.entries(STATE_NAMES)) {
    registry.gauge(
      'fusebox_circuit_state',
      'The state that the circuit is in (1) and those that it is not in (0).',
      { ...labels, state },
      () => (route.circuit.state.kind === kind ? 1 : 0),
    );
  }
  registry.gauge(
    'fusebox_concurrency_limit',
    'Requests that may be in flight (count); +Inf without a limit.',
    labels,
    () => (route.settings.concurrency?.mode === 'Enforce' ? route.settings.concurrency.maxConcurrent : Infinity),
  );
  registry.gauge('fusebox_in_flight', 'Requests that hold a place (count).', labels, () => route.limiter.inFlight);
  registry.gauge('fusebox_queue_depth', 'Requests that wait for a place (count).', labels, () => route.limiter.queued);
}

export interface SettingsGauges {
  readonly inForce: () => InForce;
  /** null: no settings are configured. */
  readonly settings: () => SettingsState | null;
  readonly clock: Clock;
}

/** Which settings are in force, since when, and whether those on disk are valid. */
export function registerSettingsGauges(registry: MetricsRegistry, { inForce, settings, clock }: SettingsGauges): void {
  registry.gauge(
    'fusebox_snapshot_age_seconds',
    'Time since the settings in force were applied (s).',
    {},
    () => (clock.wallMs() - inForce().appliedWallMs) / 1000,
  );
  registry.gauge(
    'fusebox_settings_valid',
    'Whether the settings on disk are valid (1), or older ones stay in force (0).',
    {},
    () => (settings()?.valid === false ? 0 : 1),
  );
  registry.counterFrom(
    'fusebox_settings_rejected_total',
    'Changes of the settings that were rejected.',
    {},
    () => settings()?.rejectedTotal ?? 0,
  );
}

/** The version in force, as a label: one series at a time. */
export function showVersion(registry: MetricsRegistry, before: string | null, digest: string): void {
  if (before !== null) registry.removeSeries('digest', before);
  registry.gauge('fusebox_snapshot_info', 'The settings in force, by their digest.', { digest }, () => 1);
}
