import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Log } from '../log.ts';
import { CallFailed, type Answer, type Outgoing } from '../outgoing.ts';
import type { Scope } from '../scope.ts';
import type { Settings } from '../settings/settings.ts';
import { noBreaker, type Breaker } from './breaker.ts';
import type { PaymentAnswer, PaymentOrder, Payments } from './payments.ts';

/** What the payment service answers. More fields are no fault: it may learn to say more before we do. */
const PaymentBody = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256 }),
  user_id: Type.Integer(),
  amount_minor: Type.Integer(),
  currency: Type.String(),
});
type PaymentBody = Static<typeof PaymentBody>;
const paymentBody = Compile(PaymentBody);

export interface PaymentParts {
  log: Log;
  settings: { readonly current: Pick<Settings, 'payments'> };
  outgoing: Outgoing;
  breaker: Pick<Breaker, 'run'>;
}

type Delivered = Extract<PaymentAnswer, { kind: 'accepted' | 'rejected' }>;

/** A call that counts as a failure of the payment service. */
class PaymentFailed extends Error {
  readonly retryAfter: string | null;

  constructor(detail: string, retryAfter: string | null = null) {
    super(detail);
    this.retryAfter = retryAfter;
  }
}

/** Calls `POST {payments.url}/api/payments`, within `payments.timeout_ms`, behind the breaker where that is on. All may change live. */
export const createPayments = ({ settings, outgoing, breaker, log }: PaymentParts): Payments => ({
  async pay(scope, order, idempotencyKey) {
    const { url, timeout_ms: timeoutMs, breaker: mode } = settings.current.payments;
    if (url === undefined) return { kind: 'not-set' };
    const guard = mode === 'none' ? noBreaker : breaker;
    try {
      const passed = await guard.run(() => deliver(outgoing, scope, { url, timeoutMs, order, idempotencyKey }));
      return 'value' in passed ? passed.value : { kind: 'circuit-open', retryAfterMs: passed.retryAfterMs };
    } catch (error) {
      log.warn('payment failed', { request_id: scope.requestId, idempotency_key: idempotencyKey, error });
      return answerFor(error, timeoutMs);
    }
  },
});

/** @throws what is no failure of the payment service */
function answerFor(error: unknown, timeoutMs: number): PaymentAnswer {
  if (error instanceof PaymentFailed) return { kind: 'failed', detail: error.message, retryAfter: error.retryAfter };
  if (!(error instanceof CallFailed)) throw error;
  if (error.code === 'timeout') return { kind: 'timeout', timeoutMs };
  return { kind: 'failed', detail: 'The payment service cannot be reached.', retryAfter: null };
}

interface Delivery {
  url: string;
  timeoutMs: number;
  order: PaymentOrder;
  idempotencyKey: string;
}

/** @throws CallFailed, PaymentFailed */
async function deliver(outgoing: Outgoing, scope: Scope, delivery: Delivery): Promise<Delivered> {
  const { userId, amountMinor, currency, description } = delivery.order;
  const answer = await outgoing.call(scope, {
    method: 'POST',
    baseUrl: delivery.url,
    path: '/api/payments',
    template: '/api/payments',
    headers: { 'idempotency-key': delivery.idempotencyKey },
    json: { user_id: userId, amount_minor: amountMinor, currency, description },
    timeoutMs: delivery.timeoutMs,
    // To give up does not undo a payment, and how it ends is worth counting: a half-open circuit waits for it.
    outlivesClient: true,
  });
  if (answer.status >= 400 && answer.status < 500) return rejected(answer);
  if (answer.status >= 200 && answer.status < 300) return accepted(answer, delivery.order);
  throw new PaymentFailed(`The payment service answered ${answer.status}.`, retryAfterOf(answer));
}

function accepted({ body }: Answer, order: PaymentOrder): Delivered {
  const payment = parsed(body);
  if (!paymentBody.Check(payment) || !isOf(payment, order)) {
    throw new PaymentFailed('The payment service answered something that is not this payment.');
  }
  return { kind: 'accepted', payment: { ...order, id: payment.id } };
}

const isOf = (payment: PaymentBody, { userId, amountMinor, currency }: PaymentOrder): boolean =>
  payment.user_id === userId && payment.amount_minor === amountMinor && payment.currency === currency;

function rejected(answer: Answer): Delivered {
  const { detail } = (parsed(answer.body) ?? {}) as { detail?: unknown };
  return {
    kind: 'rejected',
    status: answer.status,
    detail:
      typeof detail === 'string' && detail !== '' ? detail.slice(0, 1_000) : 'The payment service gave no reason.',
    retryAfter: retryAfterOf(answer),
  };
}

const retryAfterOf = ({ headers: { 'retry-after': value } }: Answer): string | null =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? value : null;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
