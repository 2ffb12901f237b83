import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Answers with `application/problem+json` (RFC 9457); the title is the status's own phrase, as `about:blank` asks. */
export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
  // As text: what is sent must not depend on which answers a route's schema declares.
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}
