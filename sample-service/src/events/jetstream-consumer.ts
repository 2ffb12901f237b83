import { AckPolicy, type Consumer, type ConsumerMessages, DeliverPolicy, type JsMsg, nanos } from 'nats';
import type { Log } from '../log.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { ConsumeOptions, Delivery, Handler, Subscription, Verdict } from './bus.ts';
import { DEAD_PREFIX, type OnDeath } from './dead-letter.ts';
import { EventError } from './event-error.ts';
import { handleDelivery } from './handle-delivery.ts';
import type { JetStreamConnection, JetStreamLink } from './jetstream-connection.ts';
import { bury } from './jetstream-dead-letter.ts';
import { deadStreamOf } from './jetstream-streams.ts';
import { settle, type SettleRules } from './settle.ts';
import { wait } from './wait.ts';

export interface JetStreamConsumerOptions extends ConsumeOptions {
  connection: JetStreamConnection;
  stream: string;
  handler: Handler;
  rules: SettleRules;
  onDeath: OnDeath;
  ackWaitMs: number;
  log: Log;
  random: () => number;
}

const resubscribe: Backoff = { firstMs: 100, maxMs: 5_000 };
/** A request for a message is made anew after this (ms). */
const pullMs = 10_000;
/** The broker hears about a message that is still being handled so many times within its patience. */
const heartbeats = 3;

/**
 * A durable pull consumer. Each of its loops asks for one message when it is free to handle it: nothing waits here whose
 * time is running at the broker. The broker has no limit of deliveries of its own, see `settle.ts`.
 */
export class JetStreamConsumer implements Subscription {
  readonly #options: JetStreamConsumerOptions;
  readonly #stopping = new AbortController();
  readonly #pulls = new Set<ConsumerMessages>();
  readonly #consumers = new WeakMap<JetStreamLink, Promise<Consumer>>();
  readonly #loops: Promise<void>[];

  constructor(options: JetStreamConsumerOptions) {
    this.#options = options;
    this.#loops = Array.from({ length: options.concurrency }, () => this.#loop());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#endPulls();
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    const { connection, log, random, durable } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      const link = await connection.whenUp(signal);
      if (link === null) return;
      try {
        if ((await this.#takeOne(link)) > 0) failures = 0;
      } catch (cause) {
        failures += 1;
        const error = new EventError('subscription', `The consumer ${durable} gets no messages.`, cause);
        if (failures === 1) log.warn(error.message, { error: cause });
        await wait(backoffMs(resubscribe, failures, random), signal);
      }
    }
  }

  /** Waits for a message and handles it; the count of messages it got. */
  async #takeOne(link: JetStreamLink): Promise<number> {
    const consumer = await this.#consumer(link);
    const pull = await consumer.fetch({ max_messages: 1, expires: pullMs });
    this.#pulls.add(pull);
    if (this.#stopping.signal.aborted || link.connection.isClosed()) this.#endPulls();
    let taken = 0;
    try {
      for await (const message of pull) {
        this.#pulls.delete(pull);
        taken += 1;
        await this.#handle(message, link);
      }
    } finally {
      this.#pulls.delete(pull);
    }
    const error = await pull.closed();
    if (error instanceof Error) throw error;
    return taken;
  }

  #endPulls(): void {
    for (const pull of this.#pulls) void pull.close();
  }

  /** Made by the first loop that needs it on this connection. */
  #consumer(link: JetStreamLink): Promise<Consumer> {
    let consumer = this.#consumers.get(link);
    if (consumer === undefined) {
      consumer = this.#makeConsumer(link);
      this.#consumers.set(link, consumer);
      // The next turn tries again.
      consumer.catch(() => this.#consumers.delete(link));
    }
    return consumer;
  }

  async #makeConsumer({ manager, client, connection }: JetStreamLink): Promise<Consumer> {
    const { durable, subject, ackWaitMs } = this.#options;
    const stream = this.#stream;
    await manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      max_deliver: -1,
    });
    // Pulls do not notice by themselves.
    void connection.closed().then(() => this.#endPulls());
    return client.consumers.get(stream, durable);
  }

  get #stream(): string {
    const { stream, subject } = this.#options;
    return subject.startsWith(DEAD_PREFIX) ? deadStreamOf(stream) : stream;
  }

  async #handle(message: JsMsg, link: JetStreamLink): Promise<void> {
    const { durable, rules, log, random, ackWaitMs, onDeath } = this.#options;
    const heartbeat = setInterval(() => message.working(), ackWaitMs / heartbeats);
    const delivery = this.#deliveryOf(message);
    try {
      const settlement = settle(delivery, await this.#outcome(delivery, message), rules);
      if (settlement.do === 'ack') {
        message.ack();
      } else if (settlement.do === 'retry') {
        message.nak(settlement.afterMs);
      } else {
        const death = { reason: settlement.reason, consumer: durable, attempts: delivery.attempt };
        // First the copy, then the end of the original: between the two it is there twice rather than not at all.
        if (!delivery.subject.startsWith(DEAD_PREFIX)) await bury(link, message, delivery.id, death);
        onDeath(delivery, death);
        message.term();
      }
    } catch (error) {
      log.warn('a message could not be set aside', { event_id: delivery.id, error });
      message.nak(backoffMs(rules.backoff, delivery.attempt, random));
    } finally {
      clearInterval(heartbeat);
    }
  }

  async #outcome(delivery: Delivery, message: JsMsg): Promise<Verdict | { thrown: unknown }> {
    const { handler, durable, log, rules } = this.#options;
    // It came back although it was never settled: whoever had it died of it, or hung.
    if (delivery.attempt > rules.maxDeliver) return { dead: `was never settled in ${rules.maxDeliver} deliveries` };
    try {
      delivery.payload = message.json();
    } catch {
      return { dead: 'is no JSON' };
    }
    return handleDelivery(delivery, { handler, durable, log });
  }

  #deliveryOf({ headers, info, seq, subject }: JsMsg): Delivery {
    const id = headers?.get('Event-Id') || headers?.get('Nats-Msg-Id') || `${this.#stream}.${seq}`;
    return {
      id,
      subject,
      payload: undefined,
      requestId: headers?.get('X-Request-Id') || id,
      traceparent: headers?.get('traceparent') || null,
      attempt: info.deliveryCount,
    };
  }
}
