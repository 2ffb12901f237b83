/** The whole inbound side in simulated time: real stages, connections and codec; clock, timers and sockets in memory. */
import { compile } from '@fusebox/api/compile/compile.ts';
import { readDocuments } from '@fusebox/api/documents.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Alarm } from '../exchange.ts';
import { accessLine, type AccessLine } from '../access-line.ts';
import { Inbound } from '../inbound.ts';
import { ClientConnection } from '../io/client-connection.ts';
import { newFlagMetrics } from '../io/flag-metrics.ts';
import { RequestHeads } from '../io/request-heads.ts';
import { MetricsRegistry } from '@fusebox/runtime/metrics.ts';
import { routeMetrics } from '../io/route-metrics.ts';
import { registerRouteGauges } from '../io/sidecar-metrics.ts';
import { TimerWheel } from '../io/timer-wheel.ts';
import type { Receive } from '../io/upstream-connection.ts';
import { UpstreamPool } from '../io/upstream-pool.ts';
import type { RouteState } from '../route-state.ts';
import type { SpanRecord } from '../span-record.ts';
import { FakeStream } from './fake-stream.ts';
import { SimulatedClient } from './simulated-client.ts';
import { SimulatedService } from './simulated-service.ts';

interface Timer {
  atMs: number;
  order: number;
  run: () => void;
}

/** Not zero: code that takes 0 for "never" would pass unseen. */
const START_MS = 1_000_000;

export class Simulation {
  nowMs = START_MS;
  /** For connections opened from now on. */
  maxBodyBytes: number | null = null;
  /** The next draws of chance; 0 when it is empty. */
  readonly draws: number[] = [];
  readonly spans: SpanRecord[] = [];
  /** A line for every exchange. */
  readonly accessLines: AccessLine[] = [];
  readonly registry = new MetricsRegistry();
  readonly service: SimulatedService;
  readonly inbound: Inbound;
  readonly pool: UpstreamPool;
  /** Connections of clients that the sidecar has not closed. */
  readonly clients = new Set<ClientConnection>();
  private readonly heads = new RequestHeads();
  private readonly timers: Timer[] = [];
  private readonly events: (() => void)[] = [];
  private readonly wheel: TimerWheel;
  private order = 0;
  private ids = 0;

  /** `settings`: YAML documents; none means no policy at all. `probes`: targets of the kubelet's probes. */
  constructor(settings = '', probes: readonly string[] = []) {
    const nowMs = (): number => this.nowMs;
    this.wheel = new TimerWheel({
      nowMs,
      after: (delayMs, run) => this.after(delayMs, run),
      cancel: (timer) => this.cancel(timer as Timer),
    });
    this.service = new SimulatedService((delayMs, run) => void this.after(delayMs, run));
    const clock = { nowMs, wallMs: () => this.nowMs };
    const alarm = (ring: () => void): Alarm => this.wheel.alarm(ring);
    this.pool = new UpstreamPool({
      clock,
      alarm,
      handler: () => this.inbound.upstream,
      connect: (receive) => this.connect(receive),
    });
    this.inbound = new Inbound(
      {
        clock,
        alarm,
        random: () => this.draws.shift() ?? 0,
        ids: { traceId: () => this.id(32), spanId: () => this.id(16) },
        httpDate: () => 'Thu, 01 Jan 1970 00:16:40 GMT',
        metricsOf: (route) => routeMetrics(this.registry, route),
        flagMetrics: newFlagMetrics(this.registry),
        pool: this.pool,
        exportSpan: () => (span) => void this.spans.push(span),
        logAccess: (exchange) => void this.accessLines.push(accessLine(exchange)),
        circuitChanged: () => {},
        routeAdded: (route) => registerRouteGauges(this.registry, route),
      },
      {
        snapshot: snapshotOf(settings),
        pseudonym: 'fusebox-sim',
        authority: 'service:8080',
        sampleRatio: 0,
        propagators: { b3: false, b3multi: false },
        probes,
      },
    );
  }

  /** Puts other settings in force. */
  edit(settings: string): void {
    this.inbound.apply(snapshotOf(settings));
    this.settle();
  }

  /** Opens a client's connection. */
  client(address = '192.0.2.1'): SimulatedClient {
    const [outside, inside] = FakeStream.pair((run) => this.later(run));
    inside.remoteAddress = address;
    this.clients.add(
      new ClientConnection(inside, {
        handler: this.inbound,
        nowMs: () => this.nowMs,
        heads: this.heads,
        maxBodyBytes: this.maxBodyBytes,
        alarm: (ring) => this.wheel.alarm(ring),
        closed: (connection) => void this.clients.delete(connection),
      }),
    );
    return new SimulatedClient(outside, this);
  }

  /** Sends one GET on a connection of its own, and lets everything happen that takes no time. */
  get(target: string, headers: Record<string, string> = {}): SimulatedClient {
    const client = this.client();
    client.get(target, headers);
    return client;
  }

  /** Lets everything happen that takes no time. */
  settle(): void {
    for (let event = this.events.shift(); event !== undefined; event = this.events.shift()) event();
  }

  /** Lets time pass; timers ring on their way, each followed by what it causes. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.settle();
    for (let next = this.nextTimer(); next !== undefined && next.atMs <= untilMs; next = this.nextTimer()) {
      this.timers.splice(this.timers.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      this.settle();
    }
    this.nowMs = untilMs;
  }

  route(name: string): RouteState {
    const found = this.inbound.routes.all().find((route) => route.name === name);
    if (found === undefined) throw new Error(`there is no route "${name}"`);
    return found;
  }

  /** The value of a metric, by the line before it; 0 when there is none. */
  metric(series: string): number {
    const line = this.registry
      .render()
      .split('\n')
      .find((each) => each.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length + 1));
  }

  later(run: () => void): void {
    this.events.push(run);
  }

  private connect(receive: Receive): FakeStream {
    const [inside, outside] = FakeStream.pair((run) => this.later(run));
    inside.on('data', (bytes: Buffer) => {
      // Memory that nobody claims is used again at once: spoiling it shows who should have.
      if (!receive(bytes)) bytes.fill('!');
    });
    this.service.accept(outside, inside);
    return inside;
  }

  private after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.nowMs + Math.max(0, delayMs), order: this.order++, run };
    this.timers.push(timer);
    return timer;
  }

  private cancel(timer: Timer): void {
    const index = this.timers.indexOf(timer);
    if (index >= 0) this.timers.splice(index, 1);
  }

  private nextTimer(): Timer | undefined {
    return this.timers.toSorted((one, other) => one.atMs - other.atMs || one.order - other.order)[0];
  }

  private id(digits: number): string {
    return (++this.ids).toString(16).padStart(digits, '0');
  }
}

/** Compiles YAML documents. @throws Error when they are not valid: a mistake in the test. */
export function snapshotOf(settings: string): Snapshot {
  const { documents, faults } = readDocuments([{ name: 'test.yaml', text: settings }]);
  if (faults.length > 0) throw new Error(faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return compile(documents, { namespace: null, workloads: [], labels: null }).snapshot;
}

/** A policy for the whole namespace whose `inbound` is this, in YAML flow style. */
export const policy = (inbound: string, more = ''): string =>
  `{apiVersion: fusebox.dev/v1alpha1, kind: ResiliencePolicy, metadata: {name: test}, spec: {inbound: ${inbound}${more}}}`;
