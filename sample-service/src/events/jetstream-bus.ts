import { ErrorCode, headers, NatsError } from 'nats';
import type { Log } from '../log.ts';
import type { ConsumeOptions, EventBus, Handler, Message, Subscription } from './bus.ts';
import type { OnDeath } from './dead-letter.ts';
import { EventError } from './event-error.ts';
import { JetStreamConnection, type JetStreamConnectionOptions, type JetStreamLink } from './jetstream-connection.ts';
import { JetStreamConsumer } from './jetstream-consumer.ts';
import type { SettleRules } from './settle.ts';

export interface JetStreamOptions extends JetStreamConnectionOptions {
  log: Log;
  rules: SettleRules;
  onDeath: OnDeath;
  /** Without a word from its consumer for so long, a message is delivered again (ms). */
  ackWaitMs: number;
}

/** For so long a publisher waits to hear that the broker has the message (ms). */
const publishTimeoutMs = 2_000;

const { MaxPayloadExceeded: maxPayloadExceeded, NoResponders: noResponders }: Record<string, string> = ErrorCode;
const tooLarge = 10_054; // JSStreamMessageExceedsMaximumErr of the server

/** NATS JetStream: messages are on the broker's disk when `publish` resolves, and with their consumer when it said so. */
export class JetStreamBus implements EventBus {
  readonly #options: JetStreamOptions;
  readonly #connection: JetStreamConnection;

  constructor(options: JetStreamOptions) {
    this.#options = options;
    this.#connection = new JetStreamConnection(options);
  }

  async publish(message: Message): Promise<void> {
    const body = encode(message);
    const link = this.#connection.current;
    // Its client would keep the message until it times out, and whoever publishes waits with it.
    if (link === null) throw new EventError('broker', 'The broker is away.');
    try {
      // A message that is sent again within the duplicate window is dropped, since its id is known.
      await link.client.publish(message.subject, body, {
        msgID: message.id,
        headers: headersOf(message),
        timeout: publishTimeoutMs,
      });
    } catch (error) {
      throw await this.#judged(error, link);
    }
  }

  consume(options: ConsumeOptions, handler: Handler): Subscription {
    return new JetStreamConsumer({ ...this.#options, ...options, connection: this.#connection, handler });
  }

  /** The broker has it already. */
  async drain(): Promise<void> {}

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #judged(error: unknown, link: JetStreamLink): Promise<EventError> {
    if (error instanceof NatsError) {
      if (error.code === maxPayloadExceeded || error.api_error?.err_code === tooLarge) {
        return new EventError('serialisation', 'The message is larger than the broker takes.', error);
      }
      // Nobody answers for the stream: it is gone, or its leader is.
      if (error.code === noResponders) await this.#connection.renew(link);
    }
    return new EventError('broker', 'The broker did not confirm that it has the message.', error);
  }
}

function encode({ payload }: Message): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(payload));
  } catch (error) {
    throw new EventError('serialisation', 'The payload of a message is no JSON.', error);
  }
}

function headersOf({ id, requestId, traceparent }: Message): ReturnType<typeof headers> {
  const fields = headers();
  // Beside Nats-Msg-Id, which is another one when a dead letter is sent again.
  fields.set('Event-Id', id);
  fields.set('Content-Type', 'application/json');
  fields.set('X-Request-Id', requestId);
  if (traceparent !== null) fields.set('traceparent', traceparent);
  return fields;
}
