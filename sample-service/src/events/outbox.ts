/**
 * Events are written in the transaction of what they tell: either both are there or neither. A relay publishes them.
 *
 * The order of one key's events is the order of their commits. Sequence numbers alone do not give that: a transaction
 * may draw 7, another 8, and 8 commit first. So whoever adds an event of a key holds a lock on that key from before the
 * number is drawn until the commit.
 */
import type { Queries } from '../database/database.ts';
import type { Scope } from '../scope.ts';
import { EventError } from './event-error.ts';
import { traceparentOf } from './traceparent.ts';

/** Channel of the notification that there is something to publish. */
export const OUTBOX_CHANNEL = 'outbox';

/** Something that happened. */
export interface NewEvent {
  /** Whom it is about: events of one key are published in order. */
  key: string;
  /** What happened, as `user.created`. */
  subject: string;
  /** Becomes JSON. */
  payload: object;
}

const add = {
  name: 'add-event',
  text: `with turn as materialized (select pg_advisory_xact_lock(hashtext('outbox'), hashtext($1))),
    added as (
      insert into outbox (key, subject, payload, request_id, traceparent)
      select $1, $2, $3::jsonb, $4, $5 from turn returning sequence
    )
    select pg_notify('${OUTBOX_CHANNEL}', '') from added`,
};

/**
 * Adds an event to the caller's transaction.
 * @param queries of a transaction: outside of one, the event is there even if what it tells is not
 * @throws EventError `serialisation`: the payload is no JSON
 */
export async function addEvent(queries: Queries, scope: Scope, event: NewEvent): Promise<void> {
  const { key, subject, payload } = event;
  await queries.rows(scope, add, [key, subject, jsonOf(payload), scope.requestId, traceparentOf(scope.trace)]);
}

function jsonOf(payload: object): string {
  try {
    return JSON.stringify(payload);
  } catch (error) {
    throw new EventError('serialisation', 'The payload of an event is no JSON.', error);
  }
}
