import { randomUUID } from 'node:crypto';
import type { FastifyReply, RouteOptions } from 'fastify';
import Type, { type Static } from 'typebox';
import type { PaymentAnswer, Payments } from '../payments/payments.ts';
import { traceUser } from '../tracing.ts';
import type { Users } from '../users/users.ts';
import { sendProblem } from './problem.ts';
import { IdParams } from './schemas.ts';

export const NewPayment = Type.Object(
  {
    amountMinor: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000_000,
      description: "In the currency's smallest unit: 1250 is 12.50 euros.",
    }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.' }),
    description: Type.Optional(Type.String({ maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })),
  },
  { additionalProperties: false },
);
type NewPayment = Static<typeof NewPayment>;

export const Payment = Type.Object({ id: Type.String(), userId: Type.Integer(), ...NewPayment.properties });

export const PaymentHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[!-~]{1,255}$',
      description: 'Tries with the same key are one payment. Without it one is made, and told in the answer.',
    }),
  ),
});
type PaymentHeaders = Static<typeof PaymentHeaders>;

/** The route that pays, by the payment service. */
export const paymentRoutes = (users: Pick<Users, 'get'>, payments: Payments): RouteOptions[] => [
  {
    method: 'POST',
    url: '/users/:id/payments',
    schema: { params: IdParams, headers: PaymentHeaders, body: NewPayment, response: { 201: Payment } },
    async handler(request, reply) {
      const { id: userId } = request.params as IdParams;
      const user = await users.get(request.scope, userId);
      traceUser(request.scope, userId, user !== null);
      if (user === null) return sendProblem(reply, 404, `There is no user ${userId}.`, { code: 'not-found' });
      const { 'idempotency-key': key = randomUUID() } = request.headers as PaymentHeaders;
      // In every answer: whoever does not know whether it was paid asks again with this.
      reply.header('idempotency-key', key);
      const order = { ...(request.body as NewPayment), userId };
      return send(reply, await payments.pay(request.scope, order, key));
    },
  },
];

function send(reply: FastifyReply, answer: PaymentAnswer): FastifyReply {
  switch (answer.kind) {
    case 'accepted':
      return reply.code(201).send(answer.payment);
    case 'rejected':
      return sendProblem(reply, rejectedStatus(answer.status), answer.detail, {
        code: 'payment-rejected',
        retryAfterSeconds: secondsOf(answer.retryAfter),
        members: { upstreamStatus: answer.status },
      });
    case 'circuit-open':
      return sendProblem(reply, 503, 'The payment service fails at present, so it was not asked.', {
        code: 'circuit-open',
        retryAfterSeconds: Math.max(1, Math.ceil(answer.retryAfterMs / 1_000)),
      });
    case 'timeout':
      return sendProblem(reply, 504, `The payment service did not answer within ${answer.timeoutMs} ms.`, {
        code: 'payment-timeout',
      });
    case 'failed': {
      // Whatever stands before the payment service knows when it is worth while to ask again.
      const status = answer.retryAfter === null ? 502 : 503;
      return sendProblem(reply, status, answer.detail, {
        code: 'payment-failed',
        retryAfterSeconds: secondsOf(answer.retryAfter),
      });
    }
    case 'not-set':
      return sendProblem(reply, 404, 'No payment service is set.', { code: 'payments-not-set' });
  }
}

// The payment service's own 4xx says what is wrong with the payment. Only 401 and 407 would ask the caller for a password
// that is ours to know; 422 says as much as they can be told.
const rejectedStatus = (status: number): number => (status === 401 || status === 407 ? 422 : status);

const secondsOf = (retryAfter: string | null): number | undefined =>
  retryAfter === null ? undefined : Number(retryAfter);
