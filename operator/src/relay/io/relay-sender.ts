import { connect } from 'node:tls';
import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import { type Backoff, backoffMs } from '../../queue/backoff.ts';
import { type Frame, rowFrame } from '../frames.ts';
import type { LocalRows } from '../local-rows.ts';
import { RELAY_HOST, type RelayCredentials } from '../relay-credentials.ts';
import { FrameSocket } from './frame-socket.ts';

export interface RelaySenderOptions {
  /** Of this replica, as its Lease has it. */
  replica: string;
  rows: LocalRows;
  credentials: () => RelayCredentials;
  clock: Clock;
  timers: Timers;
  random: Random;
  log: Logger;
  /** A leader that was reached is gone, or leads no longer: the Lease may be free. */
  onLost(): void;
}

const CONNECT_MS = 5_000;
const BACKOFF: Backoff = { baseMs: 100, maxMs: 2_000 };

/** Rows that are written at once (count); then the socket is asked whether it takes more. */
const BATCH = 64;

/** Brings the rows of this replica to the leader: all of them first, then each that changes; of one pod only the newest. */
export class RelaySender {
  readonly #options: RelaySenderOptions;
  #address: string | null = null;
  #socket: FrameSocket | null = null;
  /** Has the leader been greeted? Before, nothing may be said. */
  #greeted = false;
  /** Pods of which the leader does not know the newest. */
  #unsaid = new Set<string>();
  #saidWhole = false;
  #failures = 0;
  #scheduled = false;
  #cancel: () => void = () => {};

  constructor(options: RelaySenderOptions) {
    this.#options = options;
  }

  /** Goes to this leader (`HOST:PORT`); null: there is none, or it is this replica. */
  follow(address: string | null): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#failures = 0;
    this.#cancel();
    const before = this.#socket;
    this.#socket = null;
    this.#greeted = false;
    before?.giveUp('another replica leads');
    if (address !== null) this.#call(address);
  }

  /** This pod's row has changed. */
  changed(podUid: string): void {
    if (!this.#greeted) return; // the greeting will be followed by everything
    this.#unsaid.add(podUid);
    this.#schedule();
  }

  #call(address: string): void {
    const { credentials, clock, timers, replica, rows, log, onLost } = this.#options;
    const { bundle, caller } = credentials();
    const socket = connect({
      ...hostAndPort(address),
      ca: bundle,
      cert: caller.certificate,
      key: caller.key,
      servername: RELAY_HOST,
      minVersion: 'TLSv1.3',
      timeout: CONNECT_MS,
    });
    let reached = false;
    const frames = new FrameSocket({
      socket,
      clock,
      timers,
      onFrame: (frame) => {
        if (frame.is === 'notLeading') return frames.end();
        reached = true;
        this.#failures = 0;
      },
      onDrain: () => this.#schedule(),
      onClose: (fault) => {
        if (this.#socket !== frames) return;
        this.#socket = null;
        this.#greeted = false;
        this.#failures += 1;
        log.debug('the leader is not connected', { address, fault });
        this.#cancel = timers.after(backoffMs(BACKOFF, this.#failures, this.#options.random), () => {
          if (this.#address !== null) this.#call(this.#address);
        });
        if (reached) onLost();
      },
    });
    this.#socket = frames;
    this.#greeted = false;
    socket.once('timeout', () => frames.giveUp('the leader could not be reached in time'));
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      this.#unsaid = new Set(rows.podUids());
      this.#saidWhole = false;
      frames.send([{ is: 'hello', replica }]);
      this.#greeted = true;
      this.#schedule();
    });
  }

  /** Changes that come together travel together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#say();
    });
  }

  #say(): void {
    const socket = this.#socket;
    if (socket === null || !this.#greeted) return;
    while (socket.takesMore && this.#unsaid.size > 0) socket.send(this.#nextRows());
    if (this.#unsaid.size > 0 || this.#saidWhole) return;
    this.#saidWhole = true;
    socket.send([{ is: 'whole' }]);
  }

  #nextRows(): Frame[] {
    const { rows, clock } = this.#options;
    const pods = [...this.#unsaid.values().take(BATCH)];
    for (const pod of pods) this.#unsaid.delete(pod);
    return pods.map((pod) => rowFrame(pod, rows.get(pod), clock.nowMs()));
  }
}

/** The parts of `HOST:PORT` or `[HOST]:PORT`. */
function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
