/** Builds the running sidecar out of its parts. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { compile } from '@fusebox/api/compile/compile.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Config } from './config.ts';
import { Inbound } from './inbound.ts';
import { startAdmin } from './io/admin.ts';
import { newHttpDate } from './io/http-date.ts';
import { newLastGood } from './io/last-good.ts';
import { Lifecycle } from './io/lifecycle.ts';
import { listen, type Listener } from './io/listener.ts';
import type { Logger } from './io/log.ts';
import { MetricsRegistry } from './io/metrics.ts';
import { registerProcessMetrics } from './io/process-metrics.ts';
import { routeMetrics } from './io/route-metrics.ts';
import { startSettingsSource, type SettingsState } from './io/settings-source.ts';
import { registerRouteGauges, registerSettingsGauges, showVersion } from './io/sidecar-metrics.ts';
import { systemClock } from './io/system-clock.ts';
import { startTelemetry } from './io/telemetry.ts';
import { TimerWheel } from './io/timer-wheel.ts';
import { newTraceIdSource } from './io/trace-ids.ts';
import { UpstreamPool } from './io/upstream-pool.ts';
import { circuitsView, snapshotView, STATE_NAMES, type InForce } from './io/views.ts';
import type { RouteState } from './route-state.ts';

/** Share of new traces that are sampled where nobody says (0..1). */
const SAMPLE_RATIO = 0.01;

export interface Sidecar {
  /** Ends in order; `hurry` skips the drain delay. */
  end(hurry: boolean): Promise<void>;
}

/** @throws Error when a listener cannot be opened. */
export async function startSidecar(config: Config, log: Logger): Promise<Sidecar> {
  const clock = systemClock;
  const registry = new MetricsRegistry();
  registerProcessMetrics(registry);
  const wheel = new TimerWheel({
    nowMs: clock.nowMs,
    after: (delayMs, run) => setTimeout(run, delayMs),
    cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
  });
  const telemetry =
    config.otlpEndpoint === null
      ? null
      : await startTelemetry({ endpoint: config.otlpEndpoint, serviceName: config.serviceName, log });
  const ids = newTraceIdSource();
  const lastGood = config.dataDir === null ? null : newLastGood(config.dataDir, log);

  const builtIn = compile([], config.who).snapshot;
  const kept = (await lastGood?.read()) ?? null;
  let inForce: InForce = {
    snapshot: kept ?? builtIn,
    origin: kept === null ? 'built-in' : 'disk',
    appliedWallMs: clock.wallMs(),
  };

  const alarm = (ring: () => void): ReturnType<TimerWheel['alarm']> => wheel.alarm(ring);
  const { upstream } = config;
  const pool = new UpstreamPool({
    clock,
    alarm,
    handler: () => inbound.upstream,
    connect: () => connect({ ...upstream, noDelay: true }),
  });
  const inbound: Inbound = new Inbound(
    {
      clock,
      random: Math.random,
      ids,
      httpDate: newHttpDate(clock.wallMs),
      alarm,
      metricsOf: (route) => routeMetrics(registry, route),
      pool,
      exportSpan: () => telemetry?.export ?? null,
      circuitChanged: (route) => logCircuit(log, route),
      routeAdded: (route) => registerRouteGauges(registry, route),
    },
    {
      snapshot: inForce.snapshot,
      pseudonym: `fusebox-${randomBytes(4).toString('hex')}`,
      authority: 'port' in upstream ? `${upstream.host}:${upstream.port}` : 'localhost',
      sampleRatio: config.sampleRatio ?? SAMPLE_RATIO,
    },
  );
  showVersion(registry, null, inForce.snapshot.digest);

  const source =
    config.configPath === null
      ? null
      : startSettingsSource({
          path: config.configPath,
          who: config.who,
          log,
          wallMs: clock.wallMs,
          onSnapshot: takeSnapshot,
        });
  const settings = (): SettingsState | null => source?.state() ?? null;
  registerSettingsGauges(registry, { inForce: () => inForce, settings, clock });
  registry.counterFrom(
    'fusebox_spans_lost_total',
    'Spans that were dropped or that the collector did not take.',
    {},
    () => telemetry?.dropped() ?? 0,
  );

  function takeSnapshot(snapshot: Snapshot): void {
    inbound.apply(snapshot);
    showVersion(registry, inForce.snapshot.digest, snapshot.digest);
    inForce = { snapshot, origin: 'file', appliedWallMs: clock.wallMs() };
    void lastGood?.write(snapshot);
  }

  let listener: Listener | null = null;
  const startedMs = clock.nowMs();
  const ready = (): boolean =>
    listener !== null &&
    !inbound.draining &&
    (source === null || inForce.origin !== 'built-in' || clock.nowMs() - startedMs >= config.startupTimeoutMs);

  const admin =
    config.admin === null
      ? null
      : await startAdmin({
          ...config.admin,
          ready,
          renderMetrics: () => registry.render(),
          snapshot: () => snapshotView(inForce, settings()),
          circuits: () => circuitsView(inbound.routes.all(), clock),
          drain: () => lifecycle.drain(),
        });
  const lifecycle = new Lifecycle({
    log,
    drainDelayMs: config.drainDelayMs,
    nowMs: clock.nowMs,
    steps: {
      drain: () => {
        inbound.draining = true;
      },
      stop: () => listener?.stop(),
      quiet: () => inbound.quiet(),
      abandon: () => {
        inbound.abandonWaiting();
        listener?.destroy();
        pool.close();
      },
      finish: async () => {
        source?.close();
        await Promise.all([
          telemetry?.close(),
          lastGood === null ? null : lastGood.write(inForce.snapshot),
          admin?.close(),
        ]);
      },
    },
  });
  if (config.inbound !== null) {
    listener = await listen({ ...config.inbound, handler: inbound, nowMs: clock.nowMs, alarm });
    log.info('listening', { inbound: listener.port, admin: admin?.port ?? null, upstream });
  }
  return { end: (hurry) => lifecycle.end(hurry) };
}

function logCircuit(log: Logger, route: RouteState): void {
  const { state, lastReason } = route.circuit;
  log.warn('circuit changed', {
    route: route.name,
    state: STATE_NAMES[state.kind],
    era: state.era,
    reason: lastReason,
    mode: route.breaker.mode,
  });
}
