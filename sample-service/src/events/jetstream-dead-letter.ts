import { headers, type JsMsg } from 'nats';
import { DEAD_PREFIX, type Death } from './dead-letter.ts';
import type { JetStreamLink } from './jetstream-connection.ts';

/** Those that go with an event wherever it goes. */
const keptHeaders = ['Content-Type', 'X-Request-Id', 'traceparent'] as const;

/** Header fields of a dead letter, beside the event's own. */
export const deadHeaders = {
  subject: 'Dead-Subject',
  reason: 'Dead-Reason',
  consumer: 'Dead-Consumer',
  attempts: 'Dead-Attempts',
} as const;

const buryTimeoutMs = 2_000;

/** Publishes a copy of the message, byte by byte, as a dead letter. @throws NatsError when the broker does not take it */
export async function bury(link: JetStreamLink, message: JsMsg, eventId: string, death: Death): Promise<void> {
  const fields = headers();
  for (const name of keptHeaders) if (message.headers?.has(name)) fields.set(name, message.headers.get(name));
  fields.set('Event-Id', eventId);
  fields.set(deadHeaders.subject, message.subject);
  fields.set(deadHeaders.reason, oneLine(death.reason));
  fields.set(deadHeaders.consumer, death.consumer);
  fields.set(deadHeaders.attempts, String(death.attempts));
  await link.client.publish(`${DEAD_PREFIX}${message.subject}`, message.data, {
    headers: fields,
    // The same message of the stream dies once for each consumer. Sent again, it is another message.
    msgID: `dead.${death.consumer}.${message.seq}`,
    timeout: buryTimeoutMs,
  });
}

/** What a header field takes: printable ASCII. */
const oneLine = (text: string): string => text.replaceAll(/[^ -~]+/g, ' ').slice(0, 500);
