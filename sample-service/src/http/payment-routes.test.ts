import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PaymentAnswer, PaymentOrder } from '../payments/payments.ts';
import type { User } from '../users/users.ts';
import { paymentRoutes } from './payment-routes.ts';
import { addScopes } from './request-scope.ts';
import { compileValidator } from './validation.ts';

let app: FastifyInstance;
let answer: PaymentAnswer;
const asked: { order: PaymentOrder; key: string }[] = [];

beforeEach(() => {
  asked.length = 0;
  app = Fastify();
  app.setValidatorCompiler(compileValidator);
  addScopes(app);
  const users = { get: async (_scope: unknown, id: number) => (id === 1 ? ({ id } as User) : null) };
  const payments = {
    pay: async (_scope: unknown, order: PaymentOrder, key: string) => {
      asked.push({ order, key });
      return answer;
    },
  };
  for (const route of paymentRoutes(users, payments)) app.route(route);
});
afterEach(() => app.close());

const body = { amountMinor: 1_250, currency: 'EUR' };
const pay = (payload: object = body, headers: Record<string, string> = {}, id = 1) =>
  app.inject({ method: 'POST', url: `/users/${id}/payments`, payload, headers });

test('what is paid is answered, with the key that it was paid by', async () => {
  answer = { kind: 'accepted', payment: { ...body, userId: 1, id: 'p1' } };
  const response = await pay(body, { 'idempotency-key': 'mine' });
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ id: 'p1', userId: 1, ...body });
  expect(response.headers['idempotency-key']).toBe('mine');
  expect(asked).toEqual([{ order: { ...body, userId: 1 }, key: 'mine' }]);
});

test('where the client has no key, one is made and told, also when nobody knows whether it was paid', async () => {
  answer = { kind: 'timeout', timeoutMs: 5_000 };
  const response = await pay();
  expect(response.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  expect(asked[0]!.key).toBe(response.headers['idempotency-key']);
});

test.each<[PaymentAnswer, number, object, string | undefined]>([
  [{ kind: 'circuit-open', retryAfterMs: 4_001 }, 503, { code: 'circuit-open' }, '5'],
  [{ kind: 'circuit-open', retryAfterMs: 0 }, 503, { code: 'circuit-open' }, '1'],
  [{ kind: 'timeout', timeoutMs: 5_000 }, 504, { code: 'payment-timeout' }, undefined],
  [{ kind: 'failed', detail: 'x', retryAfter: null }, 502, { code: 'payment-failed', detail: 'x' }, undefined],
  [{ kind: 'failed', detail: 'x', retryAfter: '7' }, 503, { code: 'payment-failed' }, '7'],
  [{ kind: 'not-set' }, 404, { code: 'payments-not-set' }, undefined],
  [
    { kind: 'rejected', status: 402, detail: 'The card was declined.', retryAfter: null },
    402,
    { code: 'payment-rejected', detail: 'The card was declined.', upstreamStatus: 402 },
    undefined,
  ],
  [
    { kind: 'rejected', status: 401, detail: 'Who are you?', retryAfter: null },
    422,
    { code: 'payment-rejected', upstreamStatus: 401 },
    undefined,
  ],
  [{ kind: 'rejected', status: 429, detail: 'x', retryAfter: '3' }, 429, { code: 'payment-rejected' }, '3'],
])('%j is %i', async (given, status, problem, retryAfter) => {
  answer = given;
  const response = await pay();
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toMatch('application/problem+json');
  expect(response.json()).toMatchObject({ status, ...problem });
  expect(response.headers['retry-after']).toBe(retryAfter);
});

test('a user who is not there cannot pay', async () => {
  expect((await pay(body, {}, 2)).statusCode).toBe(404);
  expect(asked).toEqual([]);
});

test.each([
  [{ ...body, amountMinor: 0 }, {}],
  [{ ...body, amountMinor: 1.5 }, {}],
  [{ ...body, amountMinor: '1250' }, {}],
  [{ ...body, currency: 'euro' }, {}],
  [{ ...body, more: 1 }, {}],
  [{ amountMinor: 1_250 }, {}],
  [body, { 'idempotency-key': '' }],
  [body, { 'idempotency-key': 'x'.repeat(256) }],
])('%j with %j is refused', async (payload, headers) => {
  expect((await pay(payload, headers)).statusCode).toBe(400);
  expect(asked).toEqual([]);
});
