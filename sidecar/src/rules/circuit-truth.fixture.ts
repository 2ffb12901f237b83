import type { BreakerSettings } from '@fusebox/api/snapshot.ts';

/** A call as the test sees it: which opening let it in, and whether as a trial. */
export interface Ticket {
  opening: number;
  startMs: number;
}
interface Past {
  atMs: number;
  failed: boolean;
  slow: boolean;
}

/**
 * The circuit as the design tells it, for comparison with the real one: every call is remembered and counted anew, every trial
 * is a ticket of its own, nothing is fast. `draws` stands for chance: one draw for each opening.
 */
export class CircuitTruth {
  phase: 'closed' | 'open' | 'halfOpen' = 'closed';
  /** Grows with each opening and each reset. */
  opening = 0;
  row = 0;
  openedAtMs = 0;
  failedTrials = 0;
  jitter = 0;
  trials: Ticket[] = [];
  successes = 0;
  past: Past[] = [];
  ranInShadow = false;
  reason: string | null = null;
  readonly draw: () => number;
  settings: BreakerSettings;

  constructor(settings: BreakerSettings, draw: () => number) {
    this.settings = settings;
    this.draw = draw;
  }

  /** A ticket when it is let in and counted, else why not. */
  admit(nowMs: number): Ticket | 'refused' | 'uncounted' {
    if (this.settings.mode === 'Disabled') return 'uncounted';
    const ticket = { opening: this.opening, startMs: nowMs };
    if (this.settings.forced === 'Open') return 'refused';
    if (this.settings.forced === 'Closed' || this.phase === 'closed') return ticket;
    this.failOverdue(nowMs);
    if (this.phase === 'open') {
      if (nowMs < this.openedAtMs + this.waitMs()) return 'refused';
      this.phase = 'halfOpen';
      this.trials = [];
      this.successes = 0;
    }
    if (this.trials.length >= this.settings.halfOpenAllowedRequests) return 'refused';
    ticket.opening = this.opening;
    this.trials.push(ticket);
    return ticket;
  }

  settle(ticket: Ticket, verdict: 'ok' | 'failed' | 'none', slow: boolean, nowMs: number): void {
    if (ticket.opening !== this.opening) return;
    const { mode, forced, slowCallDurationMs } = this.settings;
    const byHand = mode === 'Disabled' || forced !== null;
    if (!byHand) this.failOverdue(nowMs);
    if (ticket.opening !== this.opening) return;
    const isTrial = this.trials.includes(ticket);
    this.trials = this.trials.filter((trial) => trial !== ticket);
    if (verdict === 'none' || mode === 'Disabled') return;
    if (this.phase === 'closed' || byHand) this.remember(verdict === 'failed', slow, nowMs);
    if (byHand) return;
    if (this.phase === 'closed') {
      const reason = this.reasonToOpen(nowMs);
      if (reason !== null) this.open(reason, nowMs, 0);
    } else if (isTrial) {
      if (verdict === 'failed' || (slow && slowCallDurationMs !== null)) {
        this.open('trial-failed', nowMs, this.failedTrials + 1);
      } else if (++this.successes >= this.settings.halfOpenAllowedRequests) this.close();
    }
  }

  edit(after: BreakerSettings, nowMs: number): void {
    const before = this.settings;
    this.past = before.window.type === after.window.type ? this.visible(nowMs) : [];
    this.settings = after;
    this.past = this.visible(nowMs);
    if (before.mode === 'Shadow') this.ranInShadow = true;
    if (after.mode === 'Enforce' && this.ranInShadow) {
      this.ranInShadow = false;
      this.reason = null;
      this.opening++;
      this.close();
    }
  }

  /** The calls that the window holds at `nowMs`. */
  visible(nowMs: number): Past[] {
    const { type, size } = this.settings.window;
    if (type === 'Count') return this.past.slice(-size);
    return this.past.filter(({ atMs }) => Math.floor(atMs / 1000) > Math.floor(nowMs / 1000) - size);
  }

  private waitMs(): number {
    let waitMs = this.settings.resetTimeoutMs;
    const capMs = Math.max(this.settings.maxResetTimeoutMs, waitMs);
    for (let i = 0; i < this.failedTrials && waitMs < capMs; i++) waitMs *= 2;
    return Math.min(waitMs, capMs) * (1 + this.settings.resetJitter * this.jitter);
  }

  private failOverdue(nowMs: number): void {
    if (this.phase !== 'halfOpen') return;
    const dueMs = Math.min(...this.trials.map(({ startMs }) => startMs + this.settings.maxHalfOpenDurationMs));
    if (dueMs <= nowMs) this.open('trial-overdue', dueMs, this.failedTrials + 1);
  }

  private remember(failed: boolean, slow: boolean, atMs: number): void {
    this.past.push({ atMs, failed, slow });
    if (this.phase === 'closed') this.row = failed ? this.row + 1 : 0;
  }

  private reasonToOpen(nowMs: number): string | null {
    const { failureThreshold, minimumNumberOfCalls, failureRateThreshold, ...slowRule } = this.settings;
    if (failureThreshold > 0 && this.row >= failureThreshold) return 'consecutive-failures';
    const seen = this.visible(nowMs);
    if (seen.length < minimumNumberOfCalls) return null;
    const failures = seen.filter(({ failed }) => failed).length;
    if (failureRateThreshold !== null && failures >= failureRateThreshold * seen.length) return 'failure-rate';
    const slow = seen.filter((call) => call.slow).length;
    if (slowRule.slowCallDurationMs === null) return null;
    return slow >= slowRule.slowCallRateThreshold * seen.length ? 'slow-call-rate' : null;
  }

  private open(reason: string, openedAtMs: number, failedTrials: number): void {
    this.phase = 'open';
    this.opening++;
    this.openedAtMs = openedAtMs;
    this.failedTrials = failedTrials;
    this.jitter = this.draw();
    this.trials = [];
    this.reason = reason;
  }

  private close(): void {
    this.phase = 'closed';
    this.row = 0;
    this.past = [];
    this.trials = [];
  }
}
