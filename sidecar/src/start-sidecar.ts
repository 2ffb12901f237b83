/** Builds the running sidecar out of its parts. */
import { randomBytes } from 'node:crypto';
import { compile } from '@fusebox/api/compile/compile.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Config } from './config.ts';
import { accessLine, wantsLine } from './access-line.ts';
import type { Alarm } from './exchange.ts';
import { Inbound } from './inbound.ts';
import { startAdmin, type AdminOptions } from '@fusebox/runtime/admin.ts';
import { adminEndpoints } from './io/admin-endpoints.ts';
import { newFlagMetrics } from './io/flag-metrics.ts';
import { newHttpDate } from './io/http-date.ts';
import type { LastGood } from './io/last-good.ts';
import { Lifecycle } from './io/lifecycle.ts';
import { listen, type Listener } from './io/listener.ts';
import { startLocalSide, type LocalSide, type LocalSideOptions } from './io/local-side.ts';
import { newLogger, type Logger } from '@fusebox/runtime/log.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { registerProcessMetrics } from '@fusebox/runtime/process-metrics.ts';
import { registerOperatorGauges } from './io/operator-metrics.ts';
import { routeMetrics } from './io/route-metrics.ts';
import { SettingsInForce } from './io/settings-in-force.ts';
import { registerRouteGauges, registerSettingsGauges, showVersion } from './io/sidecar-metrics.ts';
import { after, systemClock as clock, systemTimers as timers } from '@fusebox/runtime/system-clock.ts';
import { startTelemetry, type Telemetry } from './io/telemetry.ts';
import { TimerWheel } from './io/timer-wheel.ts';
import { newTraceIdSource } from './io/trace-ids.ts';
import { UpstreamPool } from './io/upstream-pool.ts';
import { connectUpstream } from './io/upstream-socket.ts';
import { circuitReports, circuitsView, snapshotView, STATE_NAMES } from './io/views.ts';
import type { Settings } from './live-values.ts';
import type { RouteState } from './route-state.ts';

/** Share of new traces that are sampled where nobody says (0..1). */
const SAMPLE_RATIO = 0.01;

export interface Sidecar {
  /** Ends in order; `hurry` skips the drain delay. */
  end(hurry: boolean): Promise<void>;
}

/** @throws Error when a listener cannot be opened. */
export async function startSidecar(config: Config, log: Logger): Promise<Sidecar> {
  const startedMs = clock.nowMs();
  const registry = new MetricsRegistry();
  const telemetry = await telemetryOf(config, log);
  const settings = await SettingsInForce.begin({
    builtIn: compile([], config.who).snapshot,
    lastGood: await lastGoodOf(config, log),
    log,
    wallMs: clock.wallMs,
  });
  const circuits: CircuitListeners = new Set([(route) => logCircuit(log, route)]);
  const { inbound, pool, alarm } = buildInbound(config, {
    registry,
    telemetry,
    circuits,
    snapshot: settings.current.snapshot,
  });
  registerGauges(registry, settings, telemetry);
  const { flags } = inbound.routes;
  const local = await localSideOf(config, { flags, settings: settings.current, registry, log });
  circuits.add(() => local.circuitChanged());

  let listener: Listener | null = null;
  let settled = config.configPath === null && config.operator === null;
  const lifecycle: Lifecycle = new Lifecycle({
    log,
    drainDelayMs: config.drainDelayMs,
    nowMs: clock.nowMs,
    steps: {
      drain: () => inbound.drain(),
      stop: () => listener?.stop(),
      quiet: () => inbound.quiet(),
      abandon() {
        inbound.abandonWaiting();
        listener?.destroy();
        pool.close();
      },
      finish: async () =>
        void (await Promise.all([settings.close(), telemetry?.close(), admin?.close(), local.close()])),
    },
  });
  const isLate = (): boolean => clock.nowMs() - startedMs >= config.startupTimeoutMs;
  const admin = await adminOf(config, {
    ready: () =>
      listener !== null && !inbound.draining && (settled || settings.current.origin !== 'built-in' || isLate()),
    renderMetrics: () => registry.render(),
    more: adminEndpoints({
      snapshot: () => snapshotView(settings.current, settings.state),
      circuits: () => circuitsView(inbound.routes.all(), clock),
      drain: () => lifecycle.drain(),
    }),
  });
  const first = followSettings(config, { settings, inbound, registry, circuits }, (next, before) => {
    inbound.apply(next.snapshot);
    local.applied(next);
    showVersion(registry, before.digest, next.snapshot.digest);
    settled = true;
  });
  // Nobody is served under built-in settings only because no others had been read yet.
  if (settings.current.origin === 'built-in') await Promise.race([first, after(config.startupTimeoutMs)]);
  if (config.inbound !== null) {
    const { maxConnections, maxBodyBytes } = config;
    listener = await listen({
      ...config.inbound,
      handler: inbound,
      nowMs: clock.nowMs,
      alarm,
      maxConnections,
      maxBodyBytes,
    });
  }
  const ports = { inbound: listener?.port ?? null, admin: admin?.port ?? null, local: local.port };
  log.info('listening', { ...ports, upstream: config.upstream });
  return { end: (hurry) => lifecycle.end(hurry) };
}

/** Who is told when a circuit opens, tries or closes. */
type CircuitListeners = Set<(route: RouteState) => void>;

/** Follows the file or the operator, if there is one. Resolves when it has said something, be it good or bad. */
async function followSettings(
  { configPath, operator, who }: Config,
  parts: { settings: SettingsInForce; inbound: Inbound; registry: MetricsRegistry; circuits: CircuitListeners },
  apply: (settings: Settings, before: Snapshot) => void,
): Promise<void> {
  const { settings, inbound, registry, circuits } = parts;
  if (configPath !== null) await settings.follow(configPath, who, apply);
  if (operator === null) return;
  const { url, tokenPath, caPath } = operator;
  const { feed, first } = await settings.followOperator(
    {
      url,
      files: { tokenPath, caPath },
      clock,
      timers,
      random: Math.random,
      circuits: () => circuitReports(inbound.routes.all()),
    },
    apply,
  );
  circuits.add(() => feed.circuitChanged());
  registerOperatorGauges(registry, () => feed.connected);
  await first;
}

const localSideOf = (
  { local, liveFilesPath }: Config,
  parts: Pick<LocalSideOptions, 'flags' | 'settings' | 'registry' | 'log'>,
): Promise<LocalSide> =>
  startLocalSide({ ...parts, address: local, filesDirectory: liveFilesPath, clock, timers, random: Math.random });

const lastGoodOf = async ({ dataDir }: Config, log: Logger): Promise<LastGood | null> =>
  dataDir === null ? null : (await import('./io/last-good.ts')).newLastGood(dataDir, log);

const telemetryOf = async ({ otlpEndpoint, serviceName }: Config, log: Logger): Promise<Telemetry | null> =>
  otlpEndpoint === null ? null : startTelemetry({ endpoint: otlpEndpoint, serviceName, log });

const adminOf = async (
  { admin }: Config,
  parts: Omit<AdminOptions, 'host' | 'port'>,
): Promise<Awaited<ReturnType<typeof startAdmin>> | null> =>
  admin === null ? null : startAdmin({ ...admin, ...parts });

interface Surroundings {
  registry: MetricsRegistry;
  telemetry: Telemetry | null;
  circuits: CircuitListeners;
  snapshot: Snapshot;
}

/** The request path: stages, pool and timer wheel. */
function buildInbound(
  { upstream, probes, sampleRatio, propagators, accessLog }: Config,
  { registry, telemetry, circuits, snapshot }: Surroundings,
): { inbound: Inbound; pool: UpstreamPool; alarm: (ring: () => void) => Alarm } {
  const wheel = new TimerWheel({
    nowMs: clock.nowMs,
    after: (delayMs, run) => setTimeout(run, delayMs),
    cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
  });
  const alarm = (ring: () => void): Alarm => wheel.alarm(ring);
  const pool = new UpstreamPool({
    clock,
    alarm,
    handler: () => inbound.upstream,
    connect: (receive) => connectUpstream(upstream, receive),
  });
  // Whoever asks for these lines gets them, at whatever level the others are.
  const access = newLogger({ level: 'info', wallMs: clock.wallMs });
  const inbound: Inbound = new Inbound(
    {
      clock,
      random: Math.random,
      ids: newTraceIdSource(),
      httpDate: newHttpDate(clock.wallMs),
      alarm,
      metricsOf: (route) => routeMetrics(registry, route),
      flagMetrics: newFlagMetrics(registry),
      pool,
      exportSpan: () => telemetry?.export ?? null,
      logAccess: (exchange) => {
        if (wantsLine(accessLog, exchange)) access.info('request', { ...accessLine(exchange) });
      },
      circuitChanged: (route) => circuits.forEach((tell) => tell(route)),
      routeAdded: (route) => registerRouteGauges(registry, route),
    },
    {
      snapshot,
      pseudonym: `fusebox-${randomBytes(4).toString('hex')}`,
      authority: 'port' in upstream ? `${upstream.host}:${upstream.port}` : 'localhost',
      sampleRatio: sampleRatio ?? SAMPLE_RATIO,
      propagators: { b3: propagators.includes('b3'), b3multi: propagators.includes('b3multi') },
      probes,
    },
  );
  return { inbound, pool, alarm };
}

function registerGauges(registry: MetricsRegistry, settings: SettingsInForce, telemetry: Telemetry | null): void {
  registerProcessMetrics(registry);
  registerSettingsGauges(registry, { inForce: () => settings.current, settings: () => settings.state, clock });
  showVersion(registry, null, settings.current.snapshot.digest);
  registry.counterFrom(
    'fusebox_spans_lost_total',
    'Spans that no collector took.',
    {},
    () => telemetry?.dropped() ?? 0,
  );
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
