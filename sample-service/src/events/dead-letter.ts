import type { Log } from '../log.ts';

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

/** Says in the log that a message was set aside: somebody has to look at it. */
export function logDeath(log: Log, message: { id: string; subject: string; requestId: string }, death: Death): void {
  const { id, subject, requestId } = message;
  log.error('a message became a dead letter', { event_id: id, subject, request_id: requestId, ...death });
}
