import { headers, type JetStreamManager, type MsgRequest, NatsError, type StoredMsg } from 'nats';
import type { Log } from '../log.ts';
import type { Settings } from '../settings/settings.ts';
import { EventError } from './event-error.ts';
import { JetStreamConnection, type JetStreamLink } from './jetstream-connection.ts';
import { deadHeaders } from './jetstream-dead-letter.ts';
import { deadStreamOf } from './jetstream-streams.ts';

export interface RedriveOptions {
  settings: Settings;
  log: Log;
  random: () => number;
  /** At most so many, oldest first (count). */
  limit: number;
  /** Shows them, and leaves them where they are. */
  dryRun: boolean;
}

const connectTimeoutMs = 10_000;
const publishTimeoutMs = 5_000;
const noMessage = 10_037; // JSNoMessageFoundErr of the server: there is nothing at or after this sequence

/**
 * Publishes dead letters under their old subject, as if they were new, and then deletes them. All consumers of that
 * subject get them; those that have dealt with the event know it from their inbox. Cut off in between, it may be run
 * again: a letter has the same `Nats-Msg-Id` each time.
 * @returns how many there were (count)
 * @throws EventError `broker`
 */
export async function redriveDeadLetters({ settings, log, random, limit, dryRun }: RedriveOptions): Promise<number> {
  const { url, stream } = settings.nats;
  if (url === undefined) throw new EventError('broker', 'Dead letters are kept by NATS only; NATS_URL is not set.');
  const connection = new JetStreamConnection({ url, stream, log, random });
  try {
    const link = await connection.whenUp(AbortSignal.timeout(connectTimeoutMs));
    if (link === null) throw new EventError('broker', `No answer from NATS within ${connectTimeoutMs / 1_000} s.`);
    const deadStream = deadStreamOf(stream);
    // What dies again meanwhile is not for this run, or it would never end.
    const { state } = await link.manager.streams.info(deadStream);
    let count = 0;
    for (let sequence = 1; count < limit; count += 1) {
      const letter = await nextLetter(link.manager, deadStream, sequence);
      if (letter === null || letter.seq > state.last_seq) break;
      sequence = letter.seq + 1;
      if (!dryRun) await sendAgain(link, deadStream, letter);
      log.info(dryRun ? 'dead letter' : 'dead letter sent again', factsOf(letter));
    }
    return count;
  } finally {
    await connection.close();
  }
}

async function nextLetter(manager: JetStreamManager, stream: string, sequence: number): Promise<StoredMsg | null> {
  try {
    // The server skips what was deleted; the client's type does not know that it can.
    return await manager.streams.getMessage(stream, { seq: sequence, next_by_subj: '>' } as MsgRequest);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === noMessage) return null;
    throw error;
  }
}

async function sendAgain({ client, manager }: JetStreamLink, stream: string, letter: StoredMsg): Promise<void> {
  const fields = headers();
  for (const name of ['Event-Id', 'Content-Type', 'X-Request-Id', 'traceparent']) {
    if (letter.header.has(name)) fields.set(name, letter.header.get(name));
  }
  await client.publish(letter.header.get(deadHeaders.subject), letter.data, {
    headers: fields,
    // Not the event's id: that may still be known, and the message would be dropped as a duplicate.
    msgID: `redrive.${stream}.${letter.seq}`,
    timeout: publishTimeoutMs,
  });
  await manager.streams.deleteMessage(stream, letter.seq, false);
}

const factsOf = ({ header, seq, time }: StoredMsg) => ({
  sequence: seq,
  died_at: time.toISOString(),
  event_id: header.get('Event-Id'),
  subject: header.get(deadHeaders.subject),
  reason: header.get(deadHeaders.reason),
  consumer: header.get(deadHeaders.consumer),
  attempts: Number(header.get(deadHeaders.attempts)),
});
