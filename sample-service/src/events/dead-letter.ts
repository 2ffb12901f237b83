import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';

/** Dead letters about `user.created` are on `users.dead.user.created`. */
export const DEAD_PREFIX = 'users.dead.';

/** Why a message was set aside, and by whom. */
export interface Death {
  reason: string;
  /** The consumer that could not handle it. */
  consumer: string;
  /** How often it tried (count). */
  attempts: number;
}

/** Told of each message that is set aside. */
export type OnDeath = (message: { id: string; subject: string; requestId: string }, death: Death) => void;

/** Says it in the log, and counts it: somebody has to look at it. */
export const announceDeaths =
  (log: Log, metrics: Pick<Metrics, 'deadLetters'>): OnDeath =>
  ({ id, subject, requestId }, death) => {
    metrics.deadLetters.inc({ consumer: death.consumer });
    log.error('a message became a dead letter', { event_id: id, subject, request_id: requestId, ...death });
  };
