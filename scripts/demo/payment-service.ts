import { call } from './http-call.ts';

/** One try to pay, and what became of it. */
export interface Payment {
  /** `paid`, or the code of the problem. */
  outcome: string;
  status: number;
  /** Of the payment; null: there is none. */
  id: string | null;
  retryAfter: string | null;
  tookMs: number;
}

interface Stats {
  /** Calls that it got (count). */
  calls: number;
}

/** The payment service, which stands in for one of the outside world, and the way to it through sidecar and service. */
export class PaymentService {
  readonly #url: string;
  readonly #inbound: string;

  constructor(url: string, inbound: string) {
    this.#url = url;
    this.#inbound = inbound;
  }

  /** A user pays. */
  async pay(key?: string): Promise<Payment> {
    const startedMs = performance.now();
    const { status, headers, text } = await call(`${this.#inbound}/users/1/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
      body: JSON.stringify({ amountMinor: 1250, currency: 'EUR' }),
    });
    const { id = null, code } = JSON.parse(text) as { id?: string; code?: string };
    return {
      outcome: status === 201 ? 'paid' : (code ?? String(status)),
      status,
      id,
      retryAfter: headers['retry-after'] ?? null,
      tookMs: performance.now() - startedMs,
    };
  }

  /** How it shall behave from now on: `{}` is well. */
  async misbehave(faults: { mode?: 'failing' | 'slow'; delay_ms?: number }): Promise<void> {
    await call(`${this.#url}/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  }

  async calls(): Promise<number> {
    return (JSON.parse((await call(`${this.#url}/stats`)).text) as Stats).calls;
  }
}
