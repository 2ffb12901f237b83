import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Flags } from '../flags/flags.ts';
import { isThere } from './flagged-routes.ts';
import { sendProblem } from './problem.ts';

/** Answers requests for which there is no route: 405 and `Allow` where the path has one for another method, else 404. */
export function notFound(
  routes: readonly RouteOptions[],
  flags: Flags,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  const paths = Map.groupBy(routes, ({ url }) => url)
    .entries()
    .map(([url, own]) => ({ pattern: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`), own }))
    .toArray();
  return (request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    const own = paths.find(({ pattern }) => pattern.test(path))?.own ?? [];
    const methods = own
      .filter((route) => isThere(route, flags, request.scope))
      .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [String(method)]));
    if (methods.length === 0 || methods.includes(request.method)) {
      return sendProblem(reply, 404, `There is no ${request.method} ${path}.`);
    }
    reply.header('allow', methods.join(', '));
    return sendProblem(reply, 405, `${path} takes ${methods.join(', ')} and not ${request.method}.`);
  };
}
