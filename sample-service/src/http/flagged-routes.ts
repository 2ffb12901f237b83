import type { FastifyInstance, RouteOptions } from 'fastify';
import type { FlagKey, Flags } from '../flags/flags.ts';
import type { Scope } from '../scope.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is there while this flag is on. */
    flag?: FlagKey;
  }
}

/** Whether a route is there for this request. */
export const isThere = ({ config }: Pick<RouteOptions, 'config'>, flags: Flags, scope: Scope): boolean =>
  config?.flag === undefined || flags.isOn(config.flag, scope);

/** Lets routes come and go with their flags, which are asked for each request. Before all else: what is not there has no faults. */
export function addFlaggedRoutes(app: FastifyInstance, flags: Flags): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404 || isThere(request.routeOptions, flags, request.scope)) done();
    else reply.callNotFound();
  });
}
