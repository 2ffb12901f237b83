import type { Clock, Random, Timers } from '@fusebox/api/clock.ts';
import { type Blobs, NO_BLOBS } from '@fusebox/api/config-values.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { MAX_CIRCUITS, MAX_REASON_LENGTH, type Report } from '@fusebox/api/report.ts';
import { readSnapshot } from '@fusebox/api/snapshot-reader.ts';
import type { Snapshot } from '@fusebox/api/snapshot.ts';
import type { Logger } from '@fusebox/runtime/log.ts';
import type { Settings } from '../live-values.ts';
import type { StreamEvent } from '../rules/event-stream.ts';
import { reconnectDelayMs } from '../rules/reconnect-delay.ts';

import { OperatorBlobs } from './operator-blobs.ts';
import { OperatorCredentials, type CredentialFiles, type OperatorAccess } from './operator-credentials.ts';
import { OperatorReports } from './operator-reports.ts';
import { followStream } from './operator-stream.ts';
import type { SettingsState } from './settings-source.ts';

export interface OperatorFeedOptions {
  /** Base URL of the operator. */
  url: URL;
  files: CredentialFiles;
  log: Logger;
  clock: Clock;
  timers: Timers;
  random: Random;
  /** Values that are here already. */
  blobs: Blobs;
  /** Puts a snapshot in force. `received` is what it was read from, with all that this version does not know. */
  onSnapshot: (settings: Settings, received: Snapshot) => void;
  onRejected?: (faults: string[]) => void;
  /** What must be loaded before a snapshot can be put in force; null: nothing. */
  prepare?: (snapshot: Pick<Snapshot, 'flagDefinitions'>) => Promise<void> | null;
  /** How the circuits stand. */
  circuits: () => Report['circuits'];
}

/** A snapshot whose values have not all come after this long (ms) is refused. */
const BLOBS_MS = 10_000;

type Answer = Omit<Report, 'format' | 'version' | 'circuits'>;

/**
 * Follows the operator: each snapshot is read, put in force, and acknowledged; one that cannot be obeyed is refused with the
 * reason, and the last good one stays. While the operator is away nothing changes.
 */
export class OperatorFeed {
  private readonly options: OperatorFeedOptions;
  private readonly credentials: OperatorCredentials;
  private readonly reports: OperatorReports;
  private readonly settings: SettingsState = {
    valid: true,
    faults: [],
    rejectedTotal: 0,
    lastAppliedWallMs: null,
    lastReadWallMs: null,
  };
  private access: OperatorAccess | null = null;
  private lastEventId: string | null = null;
  private appliedDigest: string | null = null;
  private answer: Answer | null = null;
  private readonly blobs: OperatorBlobs;
  /** The values that the snapshot in force names. */
  private appliedBlobs: NonNullable<Snapshot['configBlobs']> = {};
  /** The snapshot that waits for what it needs; null: none does. */
  private awaited: { digest: string; ending: AbortController } | null = null;
  private failures = 0;
  private complained = '';
  /** Ends the stream, or the wait before the next one. */
  private interrupt = (): void => {};
  private closed = false;

  constructor(options: OperatorFeedOptions) {
    const { files, url, timers, random, log } = options;
    this.options = options;
    this.credentials = new OperatorCredentials(files, options);
    this.blobs = new OperatorBlobs({ url, access: () => this.access, timers, random, kept: options.blobs });
    this.reports = new OperatorReports({
      url,
      access: () => this.access,
      report: () => this.report(),
      timers,
      random,
      onFailure: (error) => log.warn('the operator did not take a report', { error }),
    });
    this.credentials.watch(() => {
      log.info('the token has changed; connecting again with the new one');
      this.failures = 0;
      this.interrupt();
    });
    void this.run();
  }

  /** How the operator's settings stand. */
  state(): SettingsState {
    return { ...this.settings };
  }

  /** Whether a stream is open. */
  get connected(): boolean {
    return this.access !== null;
  }

  /** A circuit has changed: the operator is told. */
  circuitChanged(): void {
    this.reports.tell();
  }

  close(): void {
    this.closed = true;
    this.reports.close();
    this.awaited?.ending.abort();
    this.interrupt();
    this.credentials.close();
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      const ending = new AbortController();
      this.interrupt = () => ending.abort();
      await this.connect(ending.signal);
      if (this.failures > 0) await this.pause(reconnectDelayMs(this.failures, this.options.random));
    }
  }

  /** One stream from its beginning to its end. Never rejects. */
  private async connect(signal: AbortSignal): Promise<void> {
    const { url, log } = this.options;
    let why: unknown = 'the operator ended the stream';
    try {
      const access = await this.credentials.read();
      await followStream({
        url,
        access,
        lastEventId: this.lastEventId,
        signal,
        onOpen: () => {
          this.access = access;
          this.complained = '';
          this.reports.streamOpened();
          log.info('connected to the operator', { url: url.href });
        },
        onEvent: (event) => this.take(event),
      });
    } catch (error) {
      why = error;
    }
    this.access = null;
    if (signal.aborted) return;
    this.failures += 1;
    this.complain(why);
  }

  /** Waits, unless something new makes it worth trying at once. */
  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.timers.after(delayMs, resolve);
      this.interrupt = () => {
        cancel();
        resolve();
      };
      if (this.closed) this.interrupt();
    });
  }

  /** One line for each reason, not for each attempt. */
  private complain(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text === this.complained) return;
    this.complained = text;
    this.options.log.warn('not connected to the operator; what is in force stays', { error });
  }

  /** Takes a snapshot now, or once what it needs is here; of those that wait, only the newest. */
  private take(event: StreamEvent): void {
    if (event.type !== 'snapshot') return;
    const { clock } = this.options;
    this.failures = 0;
    this.settings.lastReadWallMs = clock.wallMs();
    // What was refused was seen, too: something older must not follow it.
    this.lastEventId = event.lastEventId;
    const arrival = { startMs: clock.nowMs(), ...readEvent(event.data) };
    // A new stream begins with what we are waiting for already; its operator may have heard nothing from us yet.
    if (this.awaited?.digest === arrival.digest) return this.reports.tell();
    this.awaited?.ending.abort();
    this.awaited = null;
    if ('faults' in arrival) this.settle(arrival, arrival.faults);
    else this.bring(arrival);
  }

  private bring(arrival: Arrival): void {
    const { prepare, log } = this.options;
    const { snapshot, digest } = arrival;
    const named = snapshot.configBlobs ?? {};
    const loaded = prepare?.(snapshot) ?? null;
    const isHere = this.blobs.of(named) !== null;
    if (loaded === null && isHere) return this.settle(arrival, this.obey(arrival));
    const awaited = { digest, ending: new AbortController() };
    this.awaited = awaited;
    Promise.all([loaded, isHere ? null : this.fetch(arrival, awaited.ending.signal)]).then(
      () => {
        if (this.awaited !== awaited || this.closed) return;
        this.awaited = null;
        this.settle(arrival, this.obey(arrival));
      },
      (error: unknown) => log.error('settings could not be applied', { error }),
    );
  }

  /** Brings the values that are missing. After a while the snapshot is refused; it is obeyed all the same when they do come. */
  private async fetch(arrival: Arrival, signal: AbortSignal): Promise<void> {
    const named = arrival.snapshot.configBlobs ?? {};
    this.blobs.keepOnly([this.appliedBlobs, named]);
    let failure = '';
    const cancel = this.options.timers.after(BLOBS_MS, () => {
      if (signal.aborted) return;
      const [key] = Object.entries(named).find(([, blob]) => this.blobs.of({ blob }) === null) ?? [''];
      const why = failure === '' ? '' : `: ${failure}`;
      this.settle(arrival, [
        `config[${JSON.stringify(key)}]: its value has not come within ${BLOBS_MS / 1000} s${why}`,
      ]);
    });
    signal.addEventListener('abort', cancel);
    await this.blobs.fetch(named, {
      revision: this.lastEventId ?? '',
      signal,
      onFailure: (_key, why) => (failure = why),
    });
    cancel();
  }

  /** Says to the operator, and remembers, what became of a snapshot. */
  private settle({ digest, startMs }: Pick<Arrival, 'digest' | 'startMs'>, faults: string[]): void {
    const { clock } = this.options;
    if (faults.length > 0) this.refuse(faults);
    this.answer = {
      digest,
      revision: this.lastEventId ?? '',
      result: faults.length > 0 ? 'rejected' : 'applied',
      reason: faults.length > 0 ? faults.join('; ').slice(0, MAX_REASON_LENGTH) : null,
      tookMs: clock.nowMs() - startMs,
      atWallMs: clock.wallMs(),
    };
    this.reports.tell();
  }

  /** Puts a snapshot in force, or says why not. */
  private obey({ snapshot, received, digest }: Arrival): string[] {
    const { onSnapshot, log, clock } = this.options;
    const named = snapshot.configBlobs ?? {};
    try {
      onSnapshot({ snapshot, blobs: this.blobs.of(named) ?? NO_BLOBS }, received);
      this.appliedBlobs = named;
      this.blobs.keepOnly([named]);
      this.settings.valid = true;
      this.settings.faults = [];
      if (digest !== this.appliedDigest) {
        this.appliedDigest = digest;
        this.settings.lastAppliedWallMs = clock.wallMs();
        log.info('settings applied', { digest, sources: snapshot.sources });
      }
      return [];
    } catch (error) {
      log.error('settings could not be applied', { error });
      return [`could not be applied: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  private refuse(faults: string[]): void {
    const { log, onRejected } = this.options;
    this.settings.valid = false;
    this.settings.faults = faults;
    this.settings.rejectedTotal += 1;
    log.error('settings rejected; what was in force stays', { digest: this.appliedDigest, faults });
    onRejected?.(faults);
  }

  private report(): Report | null {
    if (this.answer === null) return null;
    const circuits = this.options.circuits().slice(0, MAX_CIRCUITS);
    return { format: 1, ...this.answer, version: PRODUCT_VERSION, circuits };
  }
}

/** Stands in a report for the digest of something that has none. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** A snapshot that has come. */
interface Arrival {
  digest: string;
  snapshot: Snapshot;
  /** What it was read from. */
  received: Snapshot;
  /** When it came (ms, monotonic). */
  startMs: number;
}

function readEvent(data: string): Omit<Arrival, 'startMs'> | { digest: string; faults: string[] } {
  let received: unknown;
  try {
    received = JSON.parse(data);
  } catch {
    // The message would show a piece of it, in which there may be a value of the service's configuration.
    return { digest: NO_DIGEST, faults: ['it is no JSON'] };
  }
  const digest = digestIn(received);
  const read = readSnapshot(received);
  return 'faults' in read ? { digest, faults: read.faults } : { digest, ...read, received: received as Snapshot };
}

function digestIn(received: unknown): string {
  const { digest } = Object(received) as { digest?: unknown };
  return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : NO_DIGEST;
}
