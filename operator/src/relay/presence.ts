import type { Clock, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { holdingSpec, leases, readLease } from '../kube/lease.ts';
import { callRoll, forgottenReplicas, presentReplicas, type ReplicaRoll } from './replica-roll.ts';

export interface PresenceOptions {
  client: Pick<KubeClient, 'list' | 'apply' | 'delete'>;
  namespace: string;
  /** The name of this replica: lower-case letters, digits and `-`, different for every process that there ever is. */
  replica: string;
  clock: Clock;
  timers: Timers;
  log: Logger;
  /** The Leases were read; `present` holds this replica, too. */
  onRoll(present: readonly string[]): void;
}

/** On the Lease of each replica: `"true"`. */
const REPLICA_LABEL = 'fusebox.dev/operator-replica';

/** How often a replica renews its Lease and reads those of the others (ms), and how long a Lease lasts. */
const EVERY_MS = 5_000;
const LEASE_MS = 12_000;

/** The Lease of a replica that did not end cleanly is deleted after this long (ms). */
const FORGOTTEN_MS = 600_000;

const nameOf = (replica: string): string => `fusebox-operator-replica-${replica}`;

/** Shows that this replica is there, and sees which others are. */
export class Presence {
  readonly #options: PresenceOptions;
  #roll: ReplicaRoll = new Map();
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Resolves when this replica's Lease is there: from now on a new leader waits for it. @throws KubeError */
  async start(): Promise<void> {
    await this.#renew();
    await this.call().catch((error: unknown) => this.#options.log.warn('the replicas cannot be read', { error }));
    this.#next();
  }

  get present(): string[] {
    return presentReplicas(this.#roll, this.#options.clock.nowMs());
  }

  /** Reads the Leases now. @throws KubeError */
  async call(): Promise<void> {
    const { client, namespace, clock, onRoll } = this.#options;
    const { items } = await client.list(leases, { namespace, labelSelector: `${REPLICA_LABEL}=true` });
    if (this.#stopped) return;
    const nowMs = clock.nowMs();
    this.#roll = callRoll(this.#roll, items.map(readLease), nowMs);
    onRoll(this.present);
    for (const replica of forgottenReplicas(this.#roll, nowMs, FORGOTTEN_MS)) {
      await client.delete(leases, { namespace, name: nameOf(replica) });
    }
  }

  /** This replica is there no longer. */
  async stop(): Promise<void> {
    const { client, namespace, replica, log } = this.#options;
    this.#stopped = true;
    this.#cancel();
    try {
      await client.delete(leases, { namespace, name: nameOf(replica) });
    } catch (error) {
      log.warn('the lease of this replica could not be deleted; it ends by itself', { error });
    }
  }

  #next(): void {
    this.#cancel = this.#options.timers.after(EVERY_MS, () => {
      void Promise.all([this.#renew(), this.call()])
        .catch((error: unknown) => this.#options.log.warn('the leases of the replicas cannot be reached', { error }))
        .finally(() => {
          if (!this.#stopped) this.#next();
        });
    });
  }

  async #renew(): Promise<void> {
    const { client, namespace, replica, clock } = this.#options;
    const metadata = { namespace, name: nameOf(replica), labels: { [REPLICA_LABEL]: 'true' } };
    const spec = holdingSpec({ holder: replica, durationMs: LEASE_MS, wallMs: clock.wallMs() }, null);
    if (this.#stopped) return;
    await client.apply(leases, { metadata, spec }, { fieldManager: 'fusebox-operator', force: true });
  }
}
