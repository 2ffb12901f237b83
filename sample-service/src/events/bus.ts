import type { Scope } from '../scope.ts';

/** A message on its way. */
export interface Message {
  /** Of the event: the same whenever the message is sent or delivered again. */
  id: string;
  /** Dotted words, such as `user.created`. */
  subject: string;
  /** JSON. */
  payload: unknown;
  /** Of the request that caused it. */
  requestId: string;
  /** W3C Trace Context of what sent it; null where that was not traced. */
  traceparent: string | null;
}

/** A message as a consumer gets it. */
export interface Delivery extends Message {
  /** 1 at first, then the next number each time that it comes again. */
  attempt: number;
}

/**
 * What a handler made of a message. `retryInMs`: again, not before so long. `dead`: it is of no use to try again, and
 * why. A handler that throws means: again, after a while that grows with each attempt.
 */
export type Verdict = 'done' | { retryInMs: number } | { dead: string };

export type Handler = (delivery: Delivery, scope: Scope) => Promise<Verdict>;

export interface ConsumeOptions {
  /** Who consumes. All subscriptions of this name, in any process, share its messages and its place. */
  durable: string;
  /** May end in `>`, which stands for one word or more. */
  subject: string;
  /** Messages that are handled at a time (count). At 1 they are handled in order, as long as none must come again. */
  concurrency: number;
}

export interface Subscription {
  /** Takes no more, and resolves when what is being handled is finished. */
  stop(): Promise<void>;
}

/** Carries messages from whoever publishes to whoever consumes, at least once. */
export interface EventBus {
  /**
   * Resolves when the bus has taken responsibility for the message.
   * @throws EventError `broker`: it may not have it, so publish it again · `serialisation`: it never will
   */
  publish(message: Message): Promise<void>;
  /** Hands messages over from now on, also those that were published before. A broker that is away is waited for. */
  consume(options: ConsumeOptions, handler: Handler): Subscription;
  /** Resolves when what was published outlives this process, or after `withinMs` (ms). To be called before consumers stop. */
  drain(withinMs: number): Promise<void>;
  close(): Promise<void>;
}
