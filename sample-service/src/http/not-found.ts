import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { sendProblem } from './problem.ts';

/** Answers requests for which there is no route: 405 and `Allow` where the path has one for another method, else 404. */
export function notFound(
  routes: readonly RouteOptions[],
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  const methodsByUrl = new Map<string, string[]>();
  for (const { url, method } of routes) {
    const methods = methodsByUrl.get(url) ?? [];
    methodsByUrl.set(url, [...methods, ...(method === 'GET' ? ['GET', 'HEAD'] : [String(method)])]);
  }
  const paths = [...methodsByUrl].map(([url, methods]) => ({
    pattern: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`),
    methods,
  }));
  return (request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    const methods = paths.find(({ pattern }) => pattern.test(path))?.methods;
    if (methods === undefined || methods.includes(request.method)) {
      return sendProblem(reply, 404, `There is no ${request.method} ${path}.`);
    }
    reply.header('allow', methods.join(', '));
    return sendProblem(reply, 405, `${path} takes ${methods.join(', ')} and not ${request.method}.`);
  };
}
