import type { Clock } from '@fusebox/api/clock.ts';
import type { CircuitReport } from '@fusebox/api/report.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import { liveValuesOf, type Settings, withoutValues } from '../live-values.ts';
import type { RouteState } from '../route-state.ts';
import { retryAfterMs } from '../rules/circuit.ts';
import { advance } from '../rules/sliding-window.ts';
import type { SettingsState } from './settings-source.ts';

/** What is enforced, where it came from, and how the settings on disk stand. */
export interface SnapshotView {
  version: string;
  origin: 'built-in' | 'disk' | 'file' | 'operator';
  appliedAt: string;
  /** null: no settings are configured. */
  settings: { valid: boolean; faults: string[]; rejectedTotal: number; lastReadAt: string | null } | null;
  /** With the keys of the service's configuration, never with their values. */
  snapshot: ShownSnapshot;
}

/** A snapshot in which only size and digest stand for each value of live configuration. */
type ShownSnapshot = Omit<Snapshot, 'config' | 'configBlobs'> & { config?: ReturnType<typeof withoutValues> };

export interface InForce extends Settings {
  origin: SnapshotView['origin'];
  /** ms since 1970. */
  appliedWallMs: number;
}

/** For `/snapshot`. */
export const snapshotView = (inForce: InForce, settings: SettingsState | null): SnapshotView => ({
  version: inForce.snapshot.digest,
  origin: inForce.origin,
  appliedAt: iso(inForce.appliedWallMs),
  settings:
    settings === null
      ? null
      : {
          valid: settings.valid,
          faults: settings.faults,
          rejectedTotal: settings.rejectedTotal,
          lastReadAt: settings.lastReadWallMs === null ? null : iso(settings.lastReadWallMs),
        },
  snapshot: shownSnapshot(inForce),
});

/** For people: a value of live configuration may be as good as a secret. */
export function shownSnapshot(settings: Settings): ShownSnapshot {
  const { config: _texts, configBlobs: _blobs, ...shown } = settings.snapshot;
  const values = liveValuesOf(settings);
  return values.size === 0 ? shown : { ...shown, config: withoutValues(values) };
}

/** For `/circuits`: state, window and last reason of each circuit. */
export function circuitsView(routes: readonly RouteState[], clock: Clock): unknown[] {
  const nowMs = clock.nowMs();
  return routes.map(({ name, circuit, breaker, limiter, inForce }) => {
    const { state, window, lastReason, changedAtMs } = circuit;
    advance(window, nowMs);
    const waitMs = retryAfterMs(circuit, breaker, nowMs);
    return {
      route: name,
      draining: !inForce,
      mode: breaker.mode,
      forced: breaker.forced,
      state: STATE_NAMES[state.kind],
      era: state.era,
      since: iso(clock.wallMs() - (nowMs - changedAtMs)),
      lastReason,
      ...(state.kind === 'closed' ? { failuresInRow: state.failuresInRow } : { failedTrials: state.failedTrials }),
      ...(state.kind === 'halfOpen' ? { trialsInFlight: state.trialStartsMs.length, successes: state.successes } : {}),
      ...(state.kind === 'open' ? { retryAfterSeconds: Math.ceil(waitMs / 100) / 10 } : {}),
      window: {
        type: breaker.window.type,
        size: breaker.window.size,
        calls: window.calls,
        failures: window.failures,
        slow: window.slow,
      },
      inFlight: limiter.inFlight,
      queued: limiter.queued,
    };
  });
}

/** For reports to the operator: how each circuit stands. */
export const circuitReports = (routes: readonly RouteState[]): CircuitReport[] =>
  routes.map(({ name, circuit: { state, lastReason } }) => ({
    route: name,
    state: STATE_NAMES[state.kind],
    era: state.era,
    reason: lastReason,
  }));

/** As policies and documentation write them. */
export const STATE_NAMES = { closed: 'Closed', open: 'Open', halfOpen: 'HalfOpen' } as const;

const iso = (wallMs: number): string => new Date(wallMs).toISOString();
