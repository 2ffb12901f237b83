import type { Scope } from '../scope.ts';

/** What shall be paid. */
export interface PaymentOrder {
  userId: number;
  /** In the currency's smallest unit (cents). */
  amountMinor: number;
  /** ISO 4217. */
  currency: string;
  description?: string;
}

/** What was paid. */
export interface Payment extends PaymentOrder {
  id: string;
}

/** What became of an order. */
export type PaymentAnswer =
  | { kind: 'accepted'; payment: Payment }
  /** The payment service said no (4xx): asking again changes nothing. */
  | { kind: 'rejected'; status: number; detail: string; retryAfter: string | null }
  /** Nothing was sent. */
  | { kind: 'circuit-open'; retryAfterMs: number }
  /** It may have been paid or not. The same key tells, whenever the caller asks again. */
  | { kind: 'timeout'; timeoutMs: number }
  /** No connection, a cut answer, a 5xx or nonsense. `retryAfter` where whatever answered names a time. */
  | { kind: 'failed'; detail: string; retryAfter: string | null }
  /** No payment service is set. */
  | { kind: 'not-set' };

/** The payment service, as handlers see it. */
export interface Payments {
  /** `idempotencyKey` makes one payment of all tries that have it. Never rejects. */
  pay(scope: Scope, order: PaymentOrder, idempotencyKey: string): Promise<PaymentAnswer>;
}
