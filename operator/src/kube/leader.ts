import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient, WriteOptions } from './client.ts';
import { hasCode } from './kube-error.ts';
import {
  type Candidacy,
  held,
  leads,
  LEASE_TIMES,
  type LeaseTimes,
  NEWCOMER,
  nextMove,
  saw,
  stoodDown,
} from './leader-rule.ts';
import { holdingSpec, leases, readLease, RELAY_ANNOTATION } from './lease.ts';
import type { KubeObject } from './resource.ts';

/** Whom the Lease names. */
export interface Leader {
  identity: string;
  /** `HOST:PORT` at which it takes reports; null: it does not say. */
  address: string | null;
}

export interface ElectionOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  lease: { namespace: string; name: string };
  /** Different for every process that there ever is, such as the pod's name and a random part. */
  identity: string;
  /** Where this replica takes reports when it leads. */
  address: string | null;
  clock: Clock;
  timers: Timers;
  random: Random;
  log: Logger;
  /** This replica begins to lead, or leads no longer. */
  onLeading(leading: boolean): void;
  /** The Lease names somebody else than before. */
  onLeader?(leader: Leader | null): void;
  /** Default: `LEASE_TIMES`. */
  times?: LeaseTimes;
}

const WRITE: WriteOptions = { fieldManager: 'fusebox-operator-lease' };

/** Candidates look at different moments, so that they are not refused in turn: up to this share of the time is added. */
const JITTER = 0.2;

/**
 * One candidate for a Lease. `leads` is asked for before each write that only the leader may do: it turns false by the clock
 * alone, also in a process that was held still and knows nothing of it.
 */
export class Election {
  readonly #options: ElectionOptions;
  readonly #times: LeaseTimes;
  #candidacy: Candidacy = NEWCOMER;
  #lease: KubeObject | null = null;
  #turn: Promise<void> | null = null;
  #again = false;
  #cancel: () => void = () => {};
  #cancelEnd: () => void = () => {};
  #told = false;
  #leader: Leader | null = null;
  #stopped = true;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? LEASE_TIMES;
  }

  get leads(): boolean {
    return leads(this.#candidacy, this.#options.clock.nowMs());
  }

  /** Whom the Lease named when it was looked at last; this replica itself included. */
  get leader(): Leader | null {
    return this.#leader;
  }

  start(): void {
    this.#stopped = false;
    this.look();
  }

  /** Looks at the Lease now: something says that the leader is gone. */
  look(): void {
    if (this.#stopped) return;
    if (this.#turn !== null) {
      this.#again = true;
      return;
    }
    this.#cancel();
    this.#turn = this.#takeTurn().finally(() => {
      this.#turn = null;
      const soon = this.#again;
      this.#again = false;
      if (this.#stopped) return;
      if (soon) this.look();
      else this.#lookAfter(this.#times.retryMs * (this.#told ? 1 : 1 + JITTER * this.#options.random()));
    });
  }

  /** Leads no longer, and lets go of the Lease so that another one can take it at once. What only a leader may do is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#candidacy = stoodDown(this.#candidacy);
    this.#tell();
    await this.#turn;
    // A turn that was under way may have won meanwhile.
    this.#candidacy = stoodDown(this.#candidacy);
    this.#tell();
    if (this.#leader?.identity === this.#options.identity) await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const { client, lease: place, identity, log } = this.#options;
    try {
      const lease = await this.#within(client.get(leases, place.namespace, place.name));
      if (lease !== null && readLease(lease).holder === identity) await this.#within(this.#write(lease, null));
    } catch (error) {
      if (!hasCode(error, 'Conflict')) log.warn('the lease could not be let go; it ends by itself', { error });
    }
  }

  #lookAfter(delayMs: number): void {
    this.#cancel = this.#options.timers.after(delayMs, () => this.look());
  }

  async #takeTurn(): Promise<void> {
    const { clock, identity, log } = this.#options;
    try {
      // A leader knows the Lease by its own last write; the write is refused when that is not true any more.
      if (this.#lease === null || !this.leads) await this.#read();
      if (nextMove(this.#candidacy, identity, clock.nowMs()) !== 'wait') await this.#take();
    } catch (error) {
      // Refused: somebody else wrote, or it was deleted. What is known is out of date, and is read again.
      this.#lease = null;
      if (hasCode(error, 'Conflict') || hasCode(error, 'NotFound')) this.#again = this.leads;
      else log.warn('the lease cannot be reached', { error, leads: this.leads });
    }
    this.#tell();
  }

  async #read(): Promise<void> {
    const { client, lease, clock } = this.#options;
    this.#lease = await this.#within(client.get(leases, lease.namespace, lease.name));
    this.#candidacy = saw(this.#candidacy, this.#lease === null ? null : readLease(this.#lease), clock.nowMs());
    this.#name(this.#lease);
  }

  async #take(): Promise<void> {
    const { clock, identity } = this.#options;
    const sentMs = clock.nowMs();
    const written = await this.#within(this.#write(this.#lease, identity));
    this.#lease = written;
    this.#name(written);
    if (this.#stopped) return;
    this.#candidacy = held(this.#candidacy, readLease(written), { sentMs, renewMs: this.#times.renewMs });
  }

  #write(before: KubeObject | null, holder: string | null): Promise<KubeObject> {
    const { client, lease, clock, address } = this.#options;
    const { [RELAY_ANNOTATION]: _, ...others } = before?.metadata.annotations ?? {};
    const relay = holder === null || address === null ? {} : { [RELAY_ANNOTATION]: address };
    const metadata = { ...(before?.metadata ?? lease), annotations: { ...others, ...relay } };
    // Let go, it is good for a second only: also candidates that heed nothing but the duration come soon.
    const durationMs = holder === null ? 1000 : this.#times.leaseMs;
    const spec = holdingSpec({ holder, durationMs, wallMs: clock.wallMs() }, before);
    const object: KubeObject = { ...before, metadata, spec };
    return before === null ? client.create(leases, object, WRITE) : client.replace(leases, object, WRITE);
  }

  /** A request that gets no answer may not cost the time of all further ones. Rejects; the request itself may still arrive. */
  #within<T>(request: Promise<T>): Promise<T> {
    const limitMs = this.#times.renewMs / 3;
    return new Promise((resolve, reject) => {
      const cancel = this.#options.timers.after(limitMs, () =>
        reject(new Error(`no answer within ${Math.round(limitMs)} ms`)),
      );
      request.then(resolve, reject).finally(cancel);
    });
  }

  #name(lease: KubeObject | null): void {
    const identity = lease === null ? null : readLease(lease).holder;
    const address = lease?.metadata.annotations?.[RELAY_ANNOTATION] ?? null;
    if (identity === (this.#leader?.identity ?? null) && address === (this.#leader?.address ?? null)) return;
    this.#leader = identity === null ? null : { identity, address };
    this.#options.onLeader?.(this.#leader);
  }

  #tell(): void {
    const { clock, timers, log, identity, onLeading } = this.#options;
    const leading = this.leads;
    this.#cancelEnd();
    if (leading) {
      const leftMs = this.#candidacy.leadsUntilMs - clock.nowMs();
      this.#cancelEnd = timers.after(leftMs, () => this.#tell());
    }
    if (leading === this.#told) return;
    this.#told = leading;
    log.info(leading ? 'this replica leads' : 'this replica does not lead any more', { identity });
    onLeading(leading);
  }
}
