/**
 * The bus of a process on its own: for development, and where one process is all there is. What was published and not
 * yet handled is lost with the process; JetStream keeps it. A dead letter is in the log, and nowhere else unless
 * somebody consumes it. What nobody consumes is not taken: the outbox keeps it.
 */
import type { Log } from '../log.ts';
import type { ConsumeOptions, EventBus, Handler, Message, Subscription } from './bus.ts';
import { DEAD_PREFIX, type Death, type OnDeath } from './dead-letter.ts';
import { EventError } from './event-error.ts';
import { handleDelivery } from './handle-delivery.ts';
import { settle, type SettleRules } from './settle.ts';
import { wait } from './wait.ts';

/** Messages that it takes before consumers are finished with some (count). */
const maxOpen = 1_000;

interface Waiting {
  message: Message;
  attempt: number;
}

/** The messages of one consumer, and whoever handles them. */
interface Queue {
  subject: string;
  waiting: Waiting[];
  workers: Set<() => void>;
}

export interface InProcessOptions {
  log: Log;
  rules: SettleRules;
  onDeath: OnDeath;
}

export class InProcessBus implements EventBus {
  readonly #log: Log;
  readonly #rules: SettleRules;
  readonly #onDeath: OnDeath;
  readonly #queues = new Map<string, Queue>();
  readonly #closing = new AbortController();
  /** Messages that no consumer is finished with, once for each (count). */
  #open = 0;
  #onEmpty = (): void => {};

  constructor(options: InProcessOptions) {
    this.#log = options.log;
    this.#rules = options.rules;
    this.#onDeath = options.onDeath;
  }

  async publish(message: Message): Promise<void> {
    const queues = [...this.#queues.values()].filter(({ subject }) => covers(subject, message.subject));
    if (queues.length === 0) throw new EventError('broker', `Nobody consumes ${message.subject}.`);
    if (this.#open >= maxOpen) throw new EventError('broker', `${maxOpen} messages wait for their consumers.`);
    const copies = queues.map(() => ({ ...message, payload: copyOf(message.payload) }));
    this.#open += queues.length;
    for (const [n, queue] of queues.entries()) push(queue, { message: copies[n]!, attempt: 1 });
  }

  consume(options: ConsumeOptions, handler: Handler): Subscription {
    const { durable, subject, concurrency } = options;
    const queue = this.#queues.get(durable) ?? { subject, waiting: [], workers: new Set() };
    this.#queues.set(durable, queue);
    const handling = new Set<Promise<void>>();
    const work = (): void => {
      while (handling.size < concurrency) {
        const next = queue.waiting.shift();
        if (next === undefined) return;
        const handled = this.#handle(queue, next, options, handler).finally(() => {
          handling.delete(handled);
          if (queue.workers.has(work)) work();
        });
        handling.add(handled);
      }
    };
    queue.workers.add(work);
    work();
    return {
      async stop() {
        queue.workers.delete(work);
        await Promise.all(handling);
      },
    };
  }

  async drain(withinMs: number): Promise<void> {
    if (this.#open === 0) return;
    const empty = new AbortController();
    this.#onEmpty = () => empty.abort();
    await wait(withinMs, empty.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#open > 0) this.#log.warn('events are lost with the process', { count: this.#open });
  }

  async #handle(queue: Queue, { message, attempt }: Waiting, options: ConsumeOptions, handler: Handler): Promise<void> {
    const { durable } = options;
    const delivery = { ...message, attempt };
    const outcome = await handleDelivery(delivery, { handler, durable, log: this.#log });
    const settlement = settle(delivery, outcome, this.#rules);
    if (settlement.do === 'retry') {
      void this.#again(queue, { message, attempt: attempt + 1 }, settlement.afterMs);
      return;
    }
    this.#open -= 1;
    if (settlement.do === 'bury') {
      this.#bury(message, { reason: settlement.reason, consumer: durable, attempts: attempt });
    }
    if (this.#open === 0) this.#onEmpty();
  }

  async #again(queue: Queue, waiting: Waiting, afterMs: number): Promise<void> {
    await wait(afterMs, this.#closing.signal);
    if (!this.#closing.signal.aborted) push(queue, waiting);
  }

  #bury(message: Message, death: Death): void {
    this.#onDeath(message, death);
    if (message.subject.startsWith(DEAD_PREFIX)) return; // dead already: once is enough
    // Nobody need listen.
    this.publish({ ...message, subject: `${DEAD_PREFIX}${message.subject}` }).catch(() => {});
  }
}

function push(queue: Queue, waiting: Waiting): void {
  queue.waiting.push(waiting);
  for (const work of queue.workers) work();
}

/** As it would be after a journey: no consumer shares an object with another, or with whoever published. */
function copyOf(payload: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(payload)) as unknown;
  } catch (error) {
    throw new EventError('serialisation', 'The payload of a message is no JSON.', error);
  }
}

const covers = (pattern: string, subject: string): boolean =>
  pattern.endsWith('>') ? subject.startsWith(pattern.slice(0, -1)) : subject === pattern;
