import type { Delivery, Verdict } from './bus.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { EventError } from './event-error.ts';

/** What becomes of a message that was handled. */
export type Settlement = { do: 'ack' } | { do: 'retry'; afterMs: number } | { do: 'bury'; reason: string };

export interface SettleRules {
  /** Attempts before a message is a dead letter (count). */
  maxDeliver: number;
  backoff: Backoff;
  random: () => number;
}

/** First try again after a second, in the end every ten minutes. */
export const redeliveryBackoff: Backoff = { firstMs: 1_000, maxMs: 600_000 };

/**
 * Judges what a handler made of a message, or threw. The broker's own limit of deliveries would drop the message
 * without a word; here the last attempt makes it a dead letter.
 */
export function settle({ attempt }: Delivery, outcome: Verdict | { thrown: unknown }, rules: SettleRules): Settlement {
  if (outcome === 'done') return { do: 'ack' };
  if ('dead' in outcome) return { do: 'bury', reason: outcome.dead };
  if ('thrown' in outcome && outcome.thrown instanceof EventError && !outcome.thrown.retryable) {
    return { do: 'bury', reason: outcome.thrown.message };
  }
  if (attempt >= rules.maxDeliver) return { do: 'bury', reason: tooOften(rules.maxDeliver, outcome) };
  const afterMs = 'retryInMs' in outcome ? outcome.retryInMs : backoffMs(rules.backoff, attempt, rules.random);
  return { do: 'retry', afterMs };
}

function tooOften(maxDeliver: number, outcome: object): string {
  const last = 'thrown' in outcome && outcome.thrown instanceof Error ? `: ${outcome.thrown.message}` : '';
  return `failed ${maxDeliver} times${last}`;
}
