import { Agent } from 'node:http';
import type { RouteSettings } from '@fusebox/api/snapshot.ts';
import type { SnapshotView } from '@fusebox/sidecar/io/views.ts';
import { call } from './http-call.ts';

/** What the demo reads of one entry of `/circuits`. */
export interface Circuit {
  route: string;
  state: 'Closed' | 'Open' | 'HalfOpen';
  era: number;
  lastReason: string | null;
  retryAfterSeconds?: number;
  trialsInFlight?: number;
  window: { calls: number };
  inFlight: number;
  queued: number;
}

/** Asks the sidecar's admin listener, as `curl` would. */
export class AdminClient {
  readonly #base: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(base: string) {
    this.#base = base;
  }

  async circuit(route: string): Promise<Circuit> {
    const circuits = JSON.parse(await this.#text('/circuits')) as Circuit[];
    const found = circuits.find((circuit) => circuit.route === route);
    if (found === undefined) throw new Error(`/circuits knows no route ${route}`);
    return found;
  }

  async snapshot(): Promise<SnapshotView> {
    return JSON.parse(await this.#text('/snapshot')) as SnapshotView;
  }

  /** The settings in force of one route. */
  async settingsOf(route: string): Promise<RouteSettings> {
    const { snapshot } = await this.snapshot();
    const found = snapshot.inbound.routes.find(({ name }) => name === route);
    if (found === undefined) throw new Error(`/snapshot knows no route ${route}`);
    return found;
  }

  metrics(): Promise<string> {
    return this.#text('/metrics');
  }

  async isReady(): Promise<boolean> {
    return (await call(`${this.#base}/readyz`, { agent: this.#agent })).status === 200;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #text(path: string): Promise<string> {
    const { status, text } = await call(this.#base + path, { agent: this.#agent });
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
    return text;
  }
}

/** The sum of all series of `name` whose labels include `labels` (each as `key="value"`), in Prometheus text. */
export function sumOf(metrics: string, name: string, ...labels: string[]): number {
  const series = metrics.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const chosen = series.filter((line) => labels.every((label) => line.includes(label)));
  return chosen.reduce(
    (sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1).replace('+Inf', 'Infinity')),
    0,
  );
}
