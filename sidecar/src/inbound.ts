/** The inbound side as a whole: joins the stages to both ends of an exchange. Knows no socket and no clock of its own. */
import type { Clock, Random } from '@fusebox/api/clock.ts';
import type { RouteSettings, Snapshot } from '@fusebox/api/snapshot.ts';
import { Exchange, type Alarm, type ClientSide, type Pool } from './exchange.ts';
import type { FlagMetrics } from './flag-counts.ts';
import type { RequestHandler } from './handlers.ts';
import { refusals, type Refusal } from './refusals.ts';
import { RouteState, type RouteMetrics } from './route-state.ts';
import { RoutesInForce } from './routes-in-force.ts';
import { isKubeletProbe, probeTargets } from './rules/kubelet-probe.ts';
import { rememberOpening } from './rules/off-while.ts';
import { samplingThreshold } from './rules/sampling.ts';
import type { SpanRecord } from './span-record.ts';
import { StageRunner } from './stage-runner.ts';
import { attempt, inboundExchange } from './stages.ts';
import { afterEdit, expireWaiting, refuseWaiting } from './stages/concurrency.ts';
import { Reply } from './stages/reply.ts';
import type { Ids } from './stages/trace.ts';
import { Upstream } from './stages/upstream.ts';
import type { Propagators } from './trace-headers.ts';
import { faults, type WireFault } from './wire/faults.ts';
import { FIELD } from './wire/known-fields.ts';
import type { RequestHead } from './wire/request-head.ts';

/** Everything that the inbound side needs of the world. */
export interface InboundPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly httpDate: () => string;
  /** Makes an alarm of the timer wheel. */
  readonly alarm: (ring: () => void) => Alarm;
  readonly metricsOf: (route: string) => RouteMetrics;
  readonly flagMetrics: FlagMetrics;
  readonly pool: Pool;
  readonly exportSpan: () => ((span: SpanRecord) => void) | null;
  /** Writes a line for the exchange that ended, if it is to have one. */
  readonly logAccess: (exchange: Exchange) => void;
  readonly circuitChanged: (route: RouteState) => void;
  /** A route has come into force that was not known before. */
  readonly routeAdded: (route: RouteState) => void;
}

export interface InboundOptions {
  readonly snapshot: Snapshot;
  /** Name of this instance in `Via` and `Proxy-Status`. */
  readonly pseudonym: string;
  /** `Host` for clients that named none. */
  readonly authority: string;
  /** Share of new traces to sample (0..1) where the settings do not say. */
  readonly sampleRatio: number;
  readonly propagators: Propagators;
  /** Targets of the kubelet's probes that arrive here. */
  readonly probes?: readonly string[];
}

/** Nothing limits it, and nothing is counted but its answers. */
const withoutRules = (defaults: RouteSettings): RouteSettings => ({
  ...defaults,
  name: '_probes',
  flag: null,
  timeoutMs: null,
  idleTimeoutMs: null,
  maxDurationMs: null,
  concurrency: null,
  rateLimit: null,
  circuitBreaker: { ...defaults.circuitBreaker, mode: 'Disabled', forced: null },
});

/** How often a request may have come through here before it counts as caught in a loop. */
const MAX_PASSES = 2;

export class Inbound implements RequestHandler {
  readonly routes: RoutesInForce;
  /** Exchanges that have begun and not ended (count). */
  active = 0;
  draining = false;
  /** What the service's connections report to. */
  readonly upstream: Upstream;
  private readonly ports: InboundPorts;
  private readonly options: InboundOptions;
  private readonly reply: Reply;
  private readonly runner: StageRunner;
  private threshold = '';
  /** Told when the last active exchange has ended. */
  private readonly quietWaiters: (() => void)[] = [];

  constructor(ports: InboundPorts, options: InboundOptions) {
    this.ports = ports;
    this.options = options;
    const { clock, random, httpDate, exportSpan, logAccess, pool } = ports;
    const { pseudonym, authority, propagators, snapshot } = options;
    this.routes = new RoutesInForce(snapshot, {
      newRoute: (settings) => this.newRoute(settings),
      flagMetrics: ports.flagMetrics,
      nowMs: clock.nowMs(),
    });
    this.setSampling(snapshot);
    this.reply = new Reply({
      clock,
      random,
      pseudonym,
      httpDate,
      exportSpan,
      logAccess,
      draining: () => this.draining,
      settle: (exchange) => this.settle(exchange),
    });
    this.upstream = new Upstream({ pool, reply: this.reply, clock, pseudonym, authority, propagators });
    this.runner = new StageRunner(this.stages(), {
      send: (exchange) => this.upstream.send(exchange),
      refuse: (exchange, refusal) => this.reply.refuse(exchange, refusal),
    });
  }

  /** Puts a snapshot in force, in one turn: state survives, and whoever waits is looked after under the new settings. */
  apply(snapshot: Snapshot): void {
    const nowMs = this.ports.clock.nowMs();
    this.setSampling(snapshot);
    for (const route of this.routes.apply(snapshot, nowMs)) afterEdit(route, this.waiting, nowMs);
  }

  /** From now on answers ask clients to go elsewhere; everything is still served. */
  drain(): void {
    this.draining = true;
  }

  /** Resolves when nothing is in flight. */
  quiet(): Promise<void> {
    return this.active === 0 ? Promise.resolve() : new Promise((resolve) => this.quietWaiters.push(resolve));
  }

  /** The end has come: nobody who waits will be served. */
  abandonWaiting(): void {
    const nowMs = this.ports.clock.nowMs();
    for (const route of this.routes.all()) refuseWaiting(route, { ...this.waiting, refusal: refusals.draining, nowMs });
  }

  begin(client: ClientSide, head: RequestHead, nowMs: number): Exchange {
    this.active++;
    const target = head.bytes.toString('latin1', head.pathStart, head.targetEnd);
    const query = target.indexOf('?');
    const path = query < 0 ? target : target.slice(0, query);
    return new Exchange(client, head, {
      method: head.method,
      path: path === '' ? '/' : path,
      route: this.routes.fallback,
      nowMs,
    });
  }

  run(exchange: Exchange): void {
    if (exchange.head.has(FIELD.via) && this.isLoop(exchange.head)) {
      exchange.detail = faults.loop.detail;
      this.reply.refuse(exchange, refusals.loopDetected);
    } else if (exchange.head.maxForwards === 0) this.reply.answerHere(exchange);
    else this.runner.run(exchange);
  }

  invalid(client: ClientSide, head: RequestHead, fault: WireFault): void {
    const { fallback } = this.routes;
    const nowMs = this.ports.clock.nowMs();
    const exchange = new Exchange(client, head, { method: '', path: '', route: fallback, nowMs });
    this.active++;
    this.refuse(exchange, fault.refusal, fault.detail);
  }

  requestBody(exchange: Exchange, body: Buffer): boolean {
    return this.upstream.sendBody(exchange, body);
  }

  refuse(exchange: Exchange, refusal: Refusal, detail: string): void {
    exchange.nowMs = this.ports.clock.nowMs();
    exchange.detail = detail;
    this.reply.refuse(exchange, refusal);
  }

  ended(exchange: Exchange): void {
    exchange.nowMs = this.ports.clock.nowMs();
    this.upstream.clientEnded(exchange);
  }

  flushed(exchange: Exchange): void {
    exchange.nowMs = this.ports.clock.nowMs();
    this.reply.finish(exchange);
  }

  alarm(exchange: Exchange): void {
    this.upstream.timedOut(exchange);
  }

  gone(exchange: Exchange): void {
    this.reply.clientGone(exchange);
  }

  private isLoop(head: RequestHead): boolean {
    const mine = this.options.pseudonym;
    const passes = head
      .values(FIELD.via)
      .flatMap((value) => value.split(','))
      .filter((via) => via.trim().split(/[ \t]+/)[1] === mine).length;
    return passes > MAX_PASSES;
  }

  private settle(exchange: Exchange): void {
    this.runner.settle(exchange);
    this.active--;
    if (this.active > 0) return;
    for (const resolve of this.quietWaiters.splice(0)) resolve();
  }

  private readonly waiting = {
    resume: (exchange: Exchange): void => this.runner.resume(exchange),
    refuse: (exchange: Exchange, refusal: Refusal): void => this.reply.refuse(exchange, refusal),
  };

  private stages(): ReturnType<typeof inboundExchange> {
    const { random, ids } = this.ports;
    const rules = {
      trace: { ids, threshold: () => this.threshold },
      routes: this.routes,
      probeRoute: this.probeRoute(),
      random,
      circuitChanged: (route: RouteState) => this.circuitChanged(route),
      waiting: () => this.waiting,
    };
    return [...inboundExchange(rules), ...attempt(rules)];
  }

  /** The kubelet's probes go to a route without any rule, which no settings change. */
  private probeRoute(): (exchange: Exchange) => RouteState | null {
    const { probes = [], snapshot } = this.options;
    if (probes.length === 0) return () => null;
    const { metricsOf, alarm, clock } = this.ports;
    const settings = withoutRules(snapshot.inbound.defaults);
    const route = new RouteState(settings, {
      metrics: metricsOf(settings.name),
      queueAlarm: alarm(() => {}),
      nowMs: clock.nowMs(),
    });
    route.mode = 'Disabled';
    const targets = probeTargets(probes);
    return (exchange) => (isKubeletProbe(exchange, targets) ? route : null);
  }

  private circuitChanged(route: RouteState): void {
    route.opening = rememberOpening(route.opening, route.circuit, this.ports.clock.nowMs());
    this.ports.circuitChanged(route);
    if (route.circuit.state.kind !== 'open' || route.breaker.mode !== 'Enforce') return;
    refuseWaiting(route, { ...this.waiting, refusal: refusals.circuitOpen, nowMs: this.ports.clock.nowMs() });
  }

  private newRoute(settings: RouteSettings): RouteState {
    const { metricsOf, alarm, clock } = this.ports;
    const route: RouteState = new RouteState(settings, {
      metrics: metricsOf(settings.name),
      queueAlarm: alarm(() => expireWaiting(route, this.waiting, clock.nowMs())),
      nowMs: clock.nowMs(),
    });
    this.ports.routeAdded(route);
    return route;
  }

  private setSampling(snapshot: Snapshot): void {
    this.threshold = samplingThreshold(snapshot.tracing.sampleRatio ?? this.options.sampleRatio);
  }
}
