import { randomUUID } from 'node:crypto';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { parsed, startStandIn, type Answered, type Asked, type Place, type StandIn } from './stand-in.ts';

const Order = Type.Object({
  user_id: Type.Integer({ minimum: 1 }),
  amount_minor: Type.Integer({ minimum: 1 }),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  description: Type.Optional(Type.String()),
});

/** Orders of more than this are declined (402); in the currency's smallest unit. */
export const mostAmountMinor = 1_000_000;
const keptKeys = 10_000;

interface Made {
  order: string;
  payment: Static<typeof Order> & { id: string };
}

export interface PaymentStandIn extends StandIn {
  /** Payments that were made (count): tries with the same key are one. */
  readonly made: number;
}

/** A payment service that moves no money: `POST /api/payments`, where tries with the same `Idempotency-Key` are one payment. */
export async function startPaymentStandIn(place: Place = {}): Promise<PaymentStandIn> {
  const byKey = new Map<string, Made>();
  let made = 0;

  function pay({ method, path, headers, body }: Asked): Answered {
    if (path !== '/api/payments' || method !== 'POST') return problem(404, `There is no ${method} ${path}.`);
    const key = headers['idempotency-key'];
    if (typeof key !== 'string' || key === '') return problem(400, 'An Idempotency-Key is missing.');
    const before = byKey.get(key);
    // draft-ietf-httpapi-idempotency-key-header §2.7
    if (before !== undefined && before.order !== body)
      return problem(422, 'This Idempotency-Key is of another payment.');
    if (before !== undefined) return { status: 201, headers: { 'idempotency-replayed': 'true' }, body: before.payment };
    const order = parsed(body);
    if (!Value.Check(Order, order)) return problem(422, 'This is no order.');
    if (order.amount_minor > mostAmountMinor) return problem(402, 'The card was declined.');
    const payment = { ...order, id: randomUUID() };
    byKey.set(key, { order: body, payment });
    if (byKey.size > keptKeys) byKey.delete(byKey.keys().next().value!);
    made++;
    return { status: 201, body: payment };
  }

  const standIn = await startStandIn({ ...place, answer: pay });
  return Object.defineProperty(standIn, 'made', { get: () => made }) as PaymentStandIn;
}

const problem = (status: number, detail: string): Answered => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: 'about:blank', status, detail },
});
