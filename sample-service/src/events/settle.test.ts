import { describe, expect, test } from 'vitest';
import type { Delivery } from './bus.ts';
import { EventError } from './event-error.ts';
import { settle } from './settle.ts';

const rules = { maxDeliver: 3, backoff: { firstMs: 100, maxMs: 10_000 }, random: () => 0 };
const delivery = (attempt: number): Delivery => ({
  id: 'a',
  subject: 'user.created',
  payload: {},
  requestId: 'r',
  traceparent: null,
  attempt,
});

describe('what becomes of a message', () => {
  test.each([
    { what: 'done', attempt: 1, outcome: 'done', settlement: { do: 'ack' } },
    { what: 'done at last', attempt: 99, outcome: 'done', settlement: { do: 'ack' } },
    { what: 'of no use', attempt: 1, outcome: { dead: 'why' }, settlement: { do: 'bury', reason: 'why' } },
    { what: 'wanted later', attempt: 1, outcome: { retryInMs: 7 }, settlement: { do: 'retry', afterMs: 7 } },
    { what: 'failed', attempt: 1, outcome: { thrown: new Error('x') }, settlement: { do: 'retry', afterMs: 50 } },
    {
      what: 'failed again',
      attempt: 2,
      outcome: { thrown: new Error('x') },
      settlement: { do: 'retry', afterMs: 100 },
    },
    {
      what: 'failed for the last time',
      attempt: 3,
      outcome: { thrown: new Error('x') },
      settlement: { do: 'bury', reason: 'failed 3 times: x' },
    },
    {
      what: 'wanted later for the last time',
      attempt: 3,
      outcome: { retryInMs: 7 },
      settlement: { do: 'bury', reason: 'failed 3 times' },
    },
    {
      what: 'an error that cannot get better',
      attempt: 1,
      outcome: { thrown: new EventError('serialisation', 'no JSON') },
      settlement: { do: 'bury', reason: 'no JSON' },
    },
    {
      what: 'an error that can',
      attempt: 1,
      outcome: { thrown: new EventError('broker', 'away') },
      settlement: { do: 'retry', afterMs: 50 },
    },
  ] as const)('$what, attempt $attempt', ({ attempt, outcome, settlement }) => {
    expect(settle(delivery(attempt), outcome, rules)).toEqual(settlement);
  });
});
