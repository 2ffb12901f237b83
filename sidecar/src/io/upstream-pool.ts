import type { Clock } from '@fusebox/api/clock.ts';
import type { Alarm, Pool } from '../exchange.ts';
import type { AnswerHandler } from '../handlers.ts';
import { UpstreamConnection, type Connect, type ConnectionHome } from './upstream-connection.ts';

export interface PoolOptions {
  readonly clock: Clock;
  /** Asked for each connection: the pool is made before what its connections report to. */
  readonly handler: () => AnswerHandler;
  readonly connect: Connect;
  /** Makes an alarm of the timer wheel. */
  readonly alarm: (ring: () => void) => Alarm;
}

/** How long a connection may lie idle (ms): below the 5 s after which many services close theirs. */
const IDLE_MS = 4_000;
/** What the service announces is used less this (ms): it counts from its own sending, and may be early. */
const SAFETY_MS = 1_000;

/** Idle connections to the service, the latest used first: a small load keeps few of them warm and lets the others age. */
export class UpstreamPool implements Pool, ConnectionHome {
  private readonly options: PoolOptions;
  private readonly agedAlarm: Alarm;
  private readonly idleConnections: UpstreamConnection[] = [];
  /** Open connections, idle ones too (count). */
  open = 0;

  constructor(options: PoolOptions) {
    this.options = options;
    this.agedAlarm = options.alarm(() => this.closeAged());
  }

  take(): UpstreamConnection {
    const nowMs = this.options.clock.nowMs();
    for (let found = this.idleConnections.pop(); found !== undefined; found = this.idleConnections.pop()) {
      if (nowMs < found.idleUntilMs && !found.dead) return found;
      found.destroy();
    }
    return this.connect();
  }

  connect(): UpstreamConnection {
    this.open++;
    return new UpstreamConnection(this.options.connect, this, this.options.handler());
  }

  idle(connection: UpstreamConnection, keepAliveMs: number): void {
    const lifeMs = keepAliveMs < 0 ? IDLE_MS : Math.min(IDLE_MS * 15, keepAliveMs - SAFETY_MS);
    if (lifeMs <= 0) {
      connection.destroy();
      return;
    }
    connection.idleUntilMs = this.options.clock.nowMs() + lifeMs;
    if (this.idleConnections.push(connection) === 1) this.agedAlarm.set(connection.idleUntilMs);
  }

  gone(connection: UpstreamConnection): void {
    this.open--;
    const index = this.idleConnections.indexOf(connection);
    if (index >= 0) this.idleConnections.splice(index, 1);
  }

  /** Closes what has lain idle too long: the oldest stand first. */
  private closeAged(): void {
    const nowMs = this.options.clock.nowMs();
    for (let oldest = this.idleConnections[0]; oldest !== undefined; oldest = this.idleConnections[0]) {
      if (nowMs < oldest.idleUntilMs) {
        this.agedAlarm.set(oldest.idleUntilMs);
        return;
      }
      oldest.destroy();
    }
  }

  /** Closes all idle connections. */
  close(): void {
    while (this.idleConnections.length > 0) this.idleConnections[0]!.destroy();
  }
}
