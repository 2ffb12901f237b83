import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createOutgoing, type Outgoing } from '../outgoing.ts';
import { backgroundScope } from '../scope.ts';
import { changeableSettings, type ChangeableSettings } from '../settings/changeable-settings.ts';
import { mostAmountMinor, startPaymentStandIn, type PaymentStandIn } from '../stand-ins/payment-stand-in.ts';
import { startStandIn, type Answered, type StandIn } from '../stand-ins/stand-in.ts';
import { createBreaker, type Breaker } from './breaker.ts';
import { createPayments } from './payment-client.ts';
import type { Payments } from './payments.ts';

const enoughMs = 10_000;
const shortMs = 50;
const order = { userId: 7, amountMinor: 1_250, currency: 'EUR' };
const scope = backgroundScope('test-1');

let service: PaymentStandIn;
let outgoing: Outgoing;
beforeAll(async () => {
  service = await startPaymentStandIn();
  outgoing = createOutgoing();
});
afterAll(async () => {
  await outgoing.close();
  await service.close();
});

let settings: ChangeableSettings;
let breaker: Breaker;
let payments: Payments;
beforeEach(() => {
  settings = changeableSettings({ 'payments.url': service.url, 'payments.timeout_ms': enoughMs });
  breaker = createBreaker({ settings, log: silentLog, nowMs: Date.now });
  payments = createPayments({ settings, outgoing, breaker, log: silentLog });
});
afterEach(() => {
  breaker.close();
  service.faults = { mode: 'none', share: 1, delay_ms: 0 };
});

let keys = 0;
const pay = (key = `key-${++keys}`) => payments.pay(scope, order, key);

describe('a payment', () => {
  test('is made, and the payment service is told whose, how much, by which key and on behalf of which request', async () => {
    const answer = await payments.pay(scope, { ...order, description: 'A book' }, 'key-a');
    expect(answer).toMatchObject({ kind: 'accepted', payment: { ...order, description: 'A book' } });
    const { headers, body } = service.newest.at(-1)!;
    expect(headers).toMatchObject({ 'idempotency-key': 'key-a', 'x-request-id': 'test-1' });
    expect(JSON.parse(body)).toEqual({ user_id: 7, amount_minor: 1_250, currency: 'EUR', description: 'A book' });
  });

  test('is one payment, however often its key is tried', async () => {
    const before = service.made;
    const [first, second] = [await pay('key-b'), await pay('key-b')];
    expect(second).toEqual(first);
    expect(service.made).toBe(before + 1);
  });

  test('that nobody can take is said to be so', async () => {
    settings.change({ 'payments.url': undefined });
    expect(await pay()).toEqual({ kind: 'not-set' });
  });
});

describe('each fault of the payment service', () => {
  test('slow: no answer in time, and the caller may ask again with the same key', async () => {
    settings.change({ 'payments.timeout_ms': shortMs });
    service.faults = { mode: 'slow', share: 1, delay_ms: 600_000 };
    const before = service.made;
    expect(await pay('key-c')).toEqual({ kind: 'timeout', timeoutMs: shortMs });
    service.faults = { mode: 'none', share: 1, delay_ms: 0 };
    settings.change({ 'payments.timeout_ms': enoughMs });
    expect(await pay('key-c')).toMatchObject({ kind: 'accepted' });
    expect(service.made).toBe(before + 1);
  });

  test.each(['hanging', 'dripping'] as const)('%s: the time bounds the whole answer', async (mode) => {
    settings.change({ 'payments.timeout_ms': shortMs });
    service.faults = { mode, share: 1, delay_ms: 600_000 };
    expect(await pay()).toEqual({ kind: 'timeout', timeoutMs: shortMs });
  });

  test('dripping within the time is only slow', async () => {
    service.faults = { mode: 'dripping', share: 1, delay_ms: 1 };
    expect(await pay()).toMatchObject({ kind: 'accepted' });
  });

  test('failing: it failed', async () => {
    service.faults = { mode: 'failing', share: 1, delay_ms: 0 };
    expect(await pay()).toEqual({ kind: 'failed', detail: 'The payment service answered 500.', retryAfter: null });
  });

  test('resetting: it cannot be reached', async () => {
    service.faults = { mode: 'resetting', share: 1, delay_ms: 0 };
    expect(await pay()).toMatchObject({ kind: 'failed', detail: 'The payment service cannot be reached.' });
  });

  test('gone: it cannot be reached', async () => {
    const gone = await startPaymentStandIn();
    await gone.close();
    settings.change({ 'payments.url': gone.url });
    expect(await pay()).toMatchObject({ kind: 'failed', detail: 'The payment service cannot be reached.' });
    settings.change({ 'payments.url': 'nowhere' });
    expect(await pay()).toMatchObject({ kind: 'failed', detail: 'The payment service cannot be reached.' });
  });
});

describe('the circuit', () => {
  test('opens, asks the payment service nothing any more, and closes after a trial', async () => {
    settings.change({ 'payments.breaker_minimum_calls': 3, 'payments.breaker_reset_ms': 60_000 });
    service.faults = { mode: 'failing', share: 1, delay_ms: 0 };
    for (let at = 0; at < 3; at++) expect(await pay()).toMatchObject({ kind: 'failed' });
    const { calls } = service.stats;
    const refused = await pay();
    expect(refused).toMatchObject({ kind: 'circuit-open' });
    expect(service.stats.calls).toBe(calls);

    service.faults = { mode: 'none', share: 1, delay_ms: 0 };
    settings.change({ 'payments.breaker_reset_ms': 1 });
    await expect.poll(() => pay()).toMatchObject({ kind: 'accepted' });
  });

  test('does not open for rejected payments', async () => {
    settings.change({ 'payments.breaker_minimum_calls': 1 });
    const tooMuch = { ...order, amountMinor: mostAmountMinor + 1 };
    for (let at = 0; at < 5; at++) {
      expect(await payments.pay(scope, tooMuch, `much-${at}`)).toEqual({
        kind: 'rejected',
        status: 402,
        detail: 'The card was declined.',
        retryAfter: null,
      });
    }
  });

  test('is not there where whatever stands between breaks it', async () => {
    settings.change({ 'payments.breaker': 'none', 'payments.breaker_minimum_calls': 1 });
    service.faults = { mode: 'failing', share: 1, delay_ms: 0 };
    for (let at = 0; at < 5; at++) expect(await pay()).toMatchObject({ kind: 'failed' });
  });
});

describe('an answer that is not understood', () => {
  let other: StandIn;
  let answered: Answered;
  beforeAll(async () => {
    other = await startStandIn({ answer: () => answered });
  });
  afterAll(() => other.close());
  beforeEach(() => settings.change({ 'payments.url': other.url }));

  const wrong = { id: 'p1', user_id: 7, amount_minor: 1_250, currency: 'EUR' };
  test.each([
    ['another amount', { ...wrong, amount_minor: 1 }],
    ['another user', { ...wrong, user_id: 8 }],
    ['another currency', { ...wrong, currency: 'USD' }],
    ['no id', { ...wrong, id: undefined }],
    ['a list', [wrong]],
    ['more than is read', { ...wrong, more: 'x'.repeat(100_000) }],
  ])('%s: it failed', async (_what, body) => {
    answered = { status: 201, body };
    expect(await pay()).toMatchObject({ kind: 'failed' });
  });

  test('a redirection is not followed', async () => {
    answered = { status: 307, headers: { location: service.url }, body: {} };
    expect(await pay()).toMatchObject({ kind: 'failed', detail: 'The payment service answered 307.' });
  });

  test('the time that whatever answered names is told on', async () => {
    answered = { status: 503, headers: { 'retry-after': '7' }, body: {} };
    expect(await pay()).toMatchObject({ kind: 'failed', retryAfter: '7' });
    answered = { status: 429, headers: { 'retry-after': 'soon' }, body: { detail: 7 } };
    const detail = 'The payment service gave no reason.';
    expect(await pay()).toEqual({ kind: 'rejected', status: 429, detail, retryAfter: null });
  });
});

test('a payment goes on when its client has gone', async () => {
  const gone = { ...scope, signal: AbortSignal.abort() };
  expect(await payments.pay(gone, order, 'key-gone')).toMatchObject({ kind: 'accepted' });
});
