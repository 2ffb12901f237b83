import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** What may stand in a problem beside what every one has. */
export interface ProblemDetails {
  /** What is wrong, for programs: such as `overloaded`. */
  code?: string;
  /** `Retry-After` (s). */
  retryAfterSeconds?: number | undefined;
  /** Further members. */
  members?: Readonly<Record<string, unknown>>;
}

/** The document (RFC 9457); its title is the status's own phrase, as `about:blank` asks. */
export const problemText = (status: number, detail: string, { code, members }: ProblemDetails = {}): string =>
  JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...members,
  });

/** Answers with `application/problem+json`. */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  details: ProblemDetails = {},
): FastifyReply {
  if (details.retryAfterSeconds !== undefined) reply.header('retry-after', details.retryAfterSeconds);
  // As text: what is sent must not depend on which answers a route's schema declares.
  return reply
    .code(status)
    .type('application/problem+json')
    .send(problemText(status, detail, details));
}
