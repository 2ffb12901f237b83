/**
 * The replicas of the operator. Every one serves sidecars; one leads, and alone writes. The others bring it what sidecars report to
 * them. A new leader writes nothing before it knows what each of them knows.
 *
 *   presence   each replica shows that it is there                 (a Lease of its own)
 *   election   one of them leads                                   (one Lease, with the leader's address)
 *   sender     whoever does not lead brings its rows to who does   (one connection, mutual TLS)
 *   listener   the leader takes them
 */
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { Election } from '../kube/leader.ts';
import type { LeaseTimes } from '../kube/leader-rule.ts';
import type { AuthorityKeeper } from '../pki/authority-keeper.ts';
import type { CertificateSource } from '../pki/certificate-source.ts';
import { RelayListener } from './io/relay-listener.ts';
import { RelaySender } from './io/relay-sender.ts';
import { Presence } from './presence.ts';
import { issueRelayCredentials, type RelayCredentials } from './relay-credentials.ts';
import type { ReplicatedPublisher } from './replicated-publisher.ts';
import { afterCount, afterWhole, NEW_TERM, type Term } from './term.ts';

export interface ReplicasOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'apply' | 'delete' | 'list'>;
  /** The leader's Lease; those of the replicas stand beside it. */
  lease: { namespace: string; name: string };
  /** The name of this replica: lower-case letters, digits and `-`, different for every process that there ever is. */
  replica: string;
  /** Where this replica listens for the others (null: all addresses; 0: any free port), and the host that they call it by. */
  listen: { host: string | null; port: number; advertisedHost: string };
  keeper: Pick<AuthorityKeeper, 'read'>;
  certificates: Pick<CertificateSource, 'onChange'>;
  publisher: ReplicatedPublisher;
  clock: Clock;
  timers: Timers;
  random: Random;
  log: Logger;
  /** This replica may write from now on (it leads, and knows everything), or may not any more. */
  onMayWrite(mayWrite: boolean): void;
  /** Default: `LEASE_TIMES`. */
  times?: LeaseTimes;
}

/** Certificates last for a month; new ones are made this often (ms), and whenever an authority changes. */
const RENEW_MS = 86_400_000;

/** How often a new leader counts the replicas (ms) until it knows what all of them know. */
const COUNT_MS = 1_000;

export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #listener: RelayListener;
  readonly #sender: RelaySender;
  readonly #presence: Presence;
  readonly #election: Election;
  #credentials: RelayCredentials;
  #term: Term = NEW_TERM;
  #told = false;
  /** The callers are sent away at the end: sooner, they would find the Lease still held. */
  #stopping = false;
  readonly #cancels: (() => void)[] = [];
  #cancelCount: () => void = () => {};

  private constructor(options: ReplicasOptions, credentials: RelayCredentials, listener: RelayListener) {
    const { client, lease, replica, listen, publisher, clock, timers, random, log, times } = options;
    this.#options = options;
    this.#credentials = credentials;
    this.#listener = listener;
    const tools = { clock, timers, log };
    this.#sender = new RelaySender({
      ...tools,
      random,
      replica,
      rows: publisher.local,
      credentials: () => this.#credentials,
      onLost: () => this.#election.look(),
    });
    this.#presence = new Presence({
      ...tools,
      client,
      namespace: lease.namespace,
      replica,
      onRoll: (present) => this.#counted(present),
    });
    const { advertisedHost } = listen;
    const host = advertisedHost.includes(':') ? `[${advertisedHost}]` : advertisedHost;
    this.#election = new Election({
      ...tools,
      client,
      lease,
      random,
      identity: replica,
      address: `${host}:${listener.port}`,
      onLeading: (leading) => this.#leading(leading),
      onLeader: (leader) => this.#sender.follow(leader === null || leader.identity === replica ? null : leader.address),
      ...(times !== undefined && { times }),
    });
  }

  /**
   * Shows that this replica is there, stands for election, and follows whoever leads. To be called before sidecars are served.
   * @throws Error when the address cannot be listened at, or there is no authority yet; KubeError when the API server cannot be reached.
   */
  static async start(options: ReplicasOptions): Promise<Replicas> {
    const { keeper, clock, listen, publisher, timers, log } = options;
    const credentials = await issueRelayCredentials(keeper, clock);
    let replicas: Replicas | null = null;
    const listener = await RelayListener.start({
      ...listen,
      credentials,
      rows: publisher.remote,
      leads: () => replicas !== null && (replicas.leads || replicas.#stopping),
      clock,
      timers,
      log,
    });
    replicas = new Replicas(options, credentials, listener);
    try {
      await replicas.#presence.start();
    } catch (error) {
      // Whoever tries again needs the port again.
      await listener.close();
      throw error;
    }
    replicas.#begin();
    return replicas;
  }

  #begin(): void {
    const { publisher } = this.#options;
    publisher.onLocal((podUid) => this.#sender.changed(podUid));
    publisher.onWhole((whole) => this.#become(afterWhole(this.#term, whole, this.#presence.present)));
    this.#keepCredentials();
    this.#election.start();
  }

  /** Does this replica lead? */
  get leads(): boolean {
    return this.#election.leads;
  }

  /** To be asked before each write: does this replica lead, and know what every other one knows? */
  get mayWrite(): boolean {
    return this.#term.complete && this.leads;
  }

  /** Writes nothing from now on, lets another replica lead, and ends. What was being written had better be over. */
  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    this.#cancelCount();
    this.#stopping = true;
    this.#become(NEW_TERM);
    // Both before the callers are sent away: whoever leads next then finds the Lease free, and does not wait for this one.
    await Promise.all([this.#presence.stop(), this.#election.stop()]);
    await this.breakOff();
  }

  /** Closes what is open and tells nobody, as if the process were killed. */
  async breakOff(): Promise<void> {
    this.#sender.follow(null);
    await this.#listener.close();
  }

  #leading(leading: boolean): void {
    this.#options.publisher.remote.clear();
    this.#cancelCount();
    this.#become(NEW_TERM);
    if (leading) this.#count();
    else if (!this.#stopping) this.#listener.dismiss();
  }

  /** Counts the replicas until each of them has told everything. */
  #count(): void {
    void this.#presence
      .call()
      .catch((error: unknown) => this.#options.log.warn('the replicas cannot be counted', { error }))
      .finally(() => {
        if (this.#term.complete || !this.leads) return;
        this.#cancelCount = this.#options.timers.after(COUNT_MS, () => this.#count());
      });
  }

  #counted(present: readonly string[]): void {
    if (!this.leads) return;
    const { replica, publisher } = this.#options;
    this.#become(afterCount(this.#term, replica, present));
    // Their pods have gone to others by now, or will not come back.
    for (const gone of publisher.remote.replicas()) if (!present.includes(gone)) publisher.remote.drop(gone);
  }

  #become(term: Term): void {
    this.#term = term;
    const mayWrite = this.mayWrite;
    if (mayWrite === this.#told) return;
    this.#told = mayWrite;
    this.#options.onMayWrite(mayWrite);
  }

  #keepCredentials(): void {
    const { keeper, clock, certificates, timers, log } = this.#options;
    const renew = (): void => {
      issueRelayCredentials(keeper, clock)
        .then((credentials) => {
          this.#credentials = credentials;
          this.#listener.renew(credentials);
        })
        .catch((error: unknown) => log.warn('certificates of this replica could not be renewed', { error }));
    };
    let cancel = (): void => {};
    const next = (): void => {
      cancel = timers.after(RENEW_MS, () => {
        renew();
        next();
      });
    };
    next();
    this.#cancels.push(() => cancel(), certificates.onChange(renew));
  }
}
