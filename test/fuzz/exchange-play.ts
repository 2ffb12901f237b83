/** Plays a case on the simulated proxy, and writes down what reached the service and the client. */
import type { FakeStream } from '@fusebox/sidecar/testing/fake-stream.ts';
import { policy, Simulation } from '@fusebox/sidecar/testing/simulate.ts';
import type { ExchangeCase, Script } from './exchange-case.ts';
import { firstAnswer, readRequests, asksForUpgrade, type StreamRequest } from './reference-stream.ts';

const settings: readonly string[] = [
  policy('{defaults: {timeout: 3s, idleTimeout: 5s, circuitBreaker: {mode: Disabled}}}'),
  policy(
    '{defaults: {timeout: 3s, idleTimeout: 5s, maxDuration: 20s, concurrency: {maxConcurrent: 1, queue: {size: 1}}, ' +
      'circuitBreaker: {failureThreshold: 3, resetTimeout: 1s}, rateLimit: {requestsPerSecond: 5, burst: 3}}}',
  ),
];
/** Simulations that a case may ask for (count). */
export const WORLDS = settings.length;
/** Longer than every deadline (ms). */
const LONG_MS = 200_000;
/** A simulation serves so many cases; what it writes down would grow without end. */
const CASES_PER_SIMULATION = 500;

/** A request that reached the service. */
export interface Served {
  /** Number of the connection. */
  readonly connection: number;
  readonly request: StreamRequest;
  readonly script: Script;
  /** What was sent for it so far. */
  answer: string;
  /** The service has ended the connection behind it. */
  ended: 'no' | 'end' | 'reset';
}

export interface Played {
  /** What the client could send before its connection ended. */
  readonly sent: string;
  readonly received: string;
  /** How the sidecar ended the client's connection; `open`: not at all. */
  readonly ending: 'open' | 'end' | 'reset';
  /** All bytes that reached the service, for each connection. */
  readonly connections: readonly string[];
  /** In the order in which their heads came. */
  readonly served: readonly Served[];
  /** What is left when everybody has gone; empty when nothing is. */
  readonly leaks: string;
}

/** A service that reads by the reference, and does as its scripts say. */
class ScriptedBackEnd {
  readonly connections: string[] = [];
  readonly served: Served[] = [];
  private readonly sim: Simulation;
  private readonly scripts: readonly Script[];

  constructor(sim: Simulation, scripts: readonly Script[]) {
    this.sim = sim;
    this.scripts = scripts;
    sim.service.accept = (stream, client) => this.accept(stream, client);
  }

  private accept(stream: FakeStream, client: FakeStream): void {
    const connection = this.connections.push('') - 1;
    let begun = 0;
    let answering = 0;
    const tunnel = { open: false };
    this.sim['after'](0, () => client.emit('connect'));
    stream.on('data', (bytes: Buffer) => {
      const text = (this.connections[connection] += bytes.toString('latin1'));
      if (tunnel.open) return;
      const { requests } = readRequests(text);
      while (begun < requests.length) {
        const request = requests[begun++]!;
        const script = this.scripts[Math.min(this.served.length, this.scripts.length - 1)]!;
        this.served.push({ connection, request, script, answer: '', ended: 'no' });
      }
      const mine = this.served.filter((served) => served.connection === connection);
      while (answering < requests.length) {
        if (requests[answering]!.end === null && mine[answering]!.script.at === 'whole') return;
        const request = requests[answering]!;
        this.perform(mine[answering++]!, stream, () => {
          tunnel.open ||= switches(request, mine.at(-1)!.answer);
        });
      }
    });
    stream.on('end', () => stream.end());
  }

  private perform(served: Served, stream: FakeStream, wrote: () => void): void {
    const { pieces, last } = served.script;
    let atMs = 0;
    for (const { text, afterMs } of pieces) {
      atMs += afterMs;
      this.sim['after'](atMs, () => {
        if (stream.destroyed || served.ended !== 'no') return;
        served.answer += text;
        wrote();
        stream.write(text);
      });
    }
    this.sim['after'](atMs, () => {
      if (stream.destroyed || last === 'stay') return;
      served.ended = last;
      if (last === 'end') stream.end();
      else stream.resetAndDestroy();
    });
  }
}

const switches = (request: StreamRequest, text: string): boolean => {
  if (!asksForUpgrade(request)) return false;
  const answer = firstAnswer(text, { method: request.method, upgrades: true, ended: false });
  return answer !== null && answer !== 'incomplete' && answer.head.status === 101;
};

/** The simulations, used for one case after the other. */
export class Stage {
  private readonly worlds: (Simulation | null)[] = settings.map(() => null);
  private readonly cases: number[] = settings.map(() => 0);

  play(each: ExchangeCase): Played {
    const { world } = each;
    if (this.cases[world]!++ % CASES_PER_SIMULATION === 0) this.worlds[world] = null;
    const sim = (this.worlds[world] ??= new Simulation(settings[world]));
    try {
      return this.playOn(sim, each);
    } catch (error) {
      this.worlds[world] = null;
      throw error;
    }
  }

  private playOn(sim: Simulation, each: ExchangeCase): Played {
    const backEnd = new ScriptedBackEnd(sim, each.scripts);
    sim.maxBodyBytes = each.maxBodyBytes;
    const client = sim.client();
    let sent = '';
    let left = false;
    for (const [index, { text, afterMs }] of each.client.entries()) {
      if (each.stall?.before === index) this.stall(sim, client, each.stall.forMs);
      sim.advance(afterMs);
      if (client.ended || client.wasReset) break;
      sent += text;
      client.send(text);
    }
    if (each.stall?.before === each.client.length) this.stall(sim, client, each.stall.forMs);
    if (each.clientThen === 'leave') client.leave();
    else if (each.clientThen === 'end') client.end();
    left = each.clientThen === 'leave';
    sim.advance(LONG_MS);
    const ending = client.wasReset ? 'reset' : client.ended ? 'end' : 'open';
    const { received } = client;
    if (!left) client.leave();
    sim.advance(LONG_MS);
    const { connections, served } = backEnd;
    sim.spans.length = sim.accessLines.length = 0;
    const leaks = leaksOf(sim);
    return { sent, received, ending, connections, served, leaks };
  }

  private stall(sim: Simulation, client: ReturnType<Simulation['client']>, forMs: number): void {
    client.stopReading();
    // The rest of the case goes on meanwhile.
    sim['after'](forMs, () => client.readAgain());
  }
}

function leaksOf(sim: Simulation): string {
  const counts = {
    exchanges: sim.inbound.active,
    clients: sim.clients.size,
    upstream: sim.pool.open,
    places: sim.inbound.routes.all().reduce((sum, route) => sum + route.limiter.inFlight + route.limiter.queued, 0),
  };
  return Object.values(counts).some((count) => count !== 0) ? JSON.stringify(counts) : '';
}
