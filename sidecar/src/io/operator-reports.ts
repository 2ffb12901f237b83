import type { Random, Timers } from '@fusebox/api/clock.ts';
import type { Report } from '@fusebox/api/report.ts';
import { request } from 'undici';
import { reconnectDelayMs } from '../rules/reconnect-delay.ts';
import type { OperatorAccess } from './operator-credentials.ts';

/** An operator that is quiet for longer (ms) has not heard. */
const ANSWER_MS = 10_000;

/** A report without an occasion is sent about this often (ms, give or take a fifth, so that sidecars do not fall into step). */
const EVERY_MS = 30_000;

/** Two reports are at least this far apart (ms). */
const APART_MS = 100;

export interface OperatorReportsOptions {
  /** Base URL of the operator. */
  url: URL;
  /** null: there is no stream, so nothing is reported. */
  access: () => OperatorAccess | null;
  /** What is to be told now; null: nothing yet. */
  report: () => Report | null;
  timers: Timers;
  random: Random;
  /** A report that was not taken; another one follows. */
  onFailure: (why: unknown) => void;
}

/**
 * Sends reports one at a time. What changes while one is under way is told by the next: each is written from how things stand
 * when it is sent, so none is ever out of date.
 */
export class OperatorReports {
  private readonly options: OperatorReportsOptions;
  private state: 'quiet' | 'sending' | 'again' = 'quiet';
  private posting = false;
  private failures = 0;
  private cancel = (): void => {};
  private closed = false;

  constructor(options: OperatorReportsOptions) {
    this.options = options;
  }

  /** A new stream is open: what failed before says nothing about it. */
  streamOpened(): void {
    this.failures = 0;
    if (this.state === 'quiet' || this.posting) return;
    this.cancel();
    this.state = 'quiet';
  }

  /** Something is to be told. */
  tell(): void {
    if (this.closed) return;
    if (this.state !== 'quiet') {
      this.state = 'again';
      return;
    }
    this.state = 'sending';
    this.cancel();
    void this.send();
  }

  close(): void {
    this.closed = true;
    this.cancel();
  }

  private async send(): Promise<void> {
    const { access, report, random, onFailure } = this.options;
    const through = access();
    const told = report();
    if (through === null || told === null) {
      // The next stream's first snapshot is an occasion again.
      this.state = 'quiet';
      return;
    }
    let pauseMs = APART_MS;
    this.posting = true;
    try {
      await this.post(through, told);
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      this.state = 'again';
      pauseMs = reconnectDelayMs(this.failures, random);
      onFailure(error);
    }
    this.posting = false;
    this.later(pauseMs);
  }

  /** Sends the next one after the pause when there is something to tell, otherwise after the usual time. */
  private later(pauseMs: number): void {
    if (this.closed) return;
    this.cancel = this.options.timers.after(pauseMs, () => {
      const again = this.state === 'again';
      this.state = 'quiet';
      if (again) this.tell();
      else this.cancel = this.options.timers.after(EVERY_MS * (0.8 + 0.4 * this.options.random()), () => this.tell());
    });
  }

  private async post({ token, agent }: OperatorAccess, report: Report): Promise<void> {
    const { statusCode, body } = await request(new URL('/v1/report', this.options.url), {
      dispatcher: agent,
      method: 'POST',
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(report),
    });
    const answer = await body.text();
    if (statusCode >= 300) throw new Error(`the operator answers ${statusCode} to a report: ${answer.slice(0, 500)}`);
  }
}
