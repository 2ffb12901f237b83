/**
 * Remembers which events a consumer has dealt with, since every message may come more than once. Before the deed the
 * event is claimed, after it it is done. A claim runs out, for whoever held it may have died; until then nobody else
 * does the same deed. No transaction is open meanwhile: what is done outside may take long.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Scope } from '../scope.ts';

/** `busyForMs`: somebody else is at it, at most for so long. */
export type Claim = 'claimed' | 'done' | { busyForMs: number };

export interface Inbox {
  /** Asked again with the same `claimId` (a UUID) it gives the same: a claim whose confirmation was lost is not lost. */
  claim(scope: Scope, eventId: string, claimId?: string): Promise<Claim>;
  /** Never again. */
  done(scope: Scope, eventId: string): Promise<void>;
  /** It was not done, and may be tried again at once. */
  release(scope: Scope, eventId: string): Promise<void>;
  /** Forgets what is older than any message that the broker or its operator would still send. */
  forgetOld(scope: Scope): Promise<void>;
}

const claim = {
  name: 'claim-inbox',
  text: `insert into inbox (consumer, event_id, claimed_until, claim_id)
    values ($1, $2, now() + $3::int * interval '1 millisecond', $4)
    on conflict (consumer, event_id) do update set claimed_until = excluded.claimed_until, claim_id = excluded.claim_id
    where inbox.done_at is null and (inbox.claimed_until <= now() or inbox.claim_id = excluded.claim_id)
    returning consumer`,
};
const look = {
  name: 'look-inbox',
  text: `select done_at is not null as done, extract(epoch from claimed_until - now())::float8 * 1000 as busy_for_ms
    from inbox where consumer = $1 and event_id = $2`,
};
const done = { name: 'done-inbox', text: 'update inbox set done_at = now() where consumer = $1 and event_id = $2' };
const release = {
  name: 'release-inbox',
  text: 'update inbox set claimed_until = now() where consumer = $1 and event_id = $2 and done_at is null',
};
const forget = { name: 'forget-inbox', text: `delete from inbox where claimed_until < now() - interval '100 days'` };

/**
 * @param consumer whose deeds these are
 * @param claimMs longer than a deed takes (ms)
 */
export function createInbox(database: Database, consumer: string, claimMs: number): Inbox {
  return {
    async claim(scope, eventId, claimId = randomUUID()) {
      const claimed = await database.rows(scope, claim, [consumer, eventId, claimMs, claimId]);
      if (claimed.length > 0) return 'claimed';
      const [row] = await database.rows<{ done: boolean; busy_for_ms: number }>(scope, look, [consumer, eventId]);
      return row?.done === true ? 'done' : { busyForMs: Math.max(0, row?.busy_for_ms ?? 0) };
    },
    async done(scope, eventId) {
      await database.rows(scope, done, [consumer, eventId]);
    },
    async release(scope, eventId) {
      await database.rows(scope, release, [consumer, eventId]);
    },
    async forgetOld(scope) {
      await database.rows(scope, forget, []);
    },
  };
}
