import { setTimeout as sleep } from 'node:timers/promises';
import { sumOf, type AdminClient, type Circuit } from './admin-client.ts';

const everyMs = 40;
const label = (route: string): string => `route="${route}"`;

/** Looks at one route on the admin listener some twenty times a second, and keeps the newest view and the highest gauges. */
export class Watcher {
  circuit: Circuit | null = null;
  /** `maxConcurrent` and the size of the queue (counts), as in force now. */
  limit = 0;
  queueSize = 0;
  /** Of the gauges, since `forget` (counts). */
  maxInFlight = 0;
  maxQueued = 0;
  maxTrials = 0;
  readonly #admin: AdminClient;
  readonly #route: string;
  #stopped = false;

  constructor(admin: AdminClient, route: string) {
    this.#admin = admin;
    this.#route = route;
  }

  /** Watches until `stop`. A sidecar that has gone is no fault here. */
  async watch(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      await this.#look(turn % 5 === 0).catch(() => {});
      await sleep(everyMs);
    }
  }

  /** Begins a new measurement of the maxima. */
  forget(): void {
    this.maxInFlight = 0;
    this.maxQueued = 0;
    this.maxTrials = 0;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #look(withSettings: boolean): Promise<void> {
    const [circuit, metrics] = await Promise.all([this.#admin.circuit(this.#route), this.#admin.metrics()]);
    this.circuit = circuit;
    this.limit = sumOf(metrics, 'fusebox_concurrency_limit', label(this.#route));
    this.maxInFlight = Math.max(this.maxInFlight, sumOf(metrics, 'fusebox_in_flight', label(this.#route)));
    this.maxQueued = Math.max(this.maxQueued, sumOf(metrics, 'fusebox_queue_depth', label(this.#route)));
    this.maxTrials = Math.max(this.maxTrials, circuit.trialsInFlight ?? 0);
    if (withSettings) this.queueSize = (await this.#admin.settingsOf(this.#route)).concurrency?.queueSize ?? 0;
  }
}
