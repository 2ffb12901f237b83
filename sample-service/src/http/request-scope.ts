import type { ServerResponse } from 'node:http';
import { ROOT_CONTEXT, type Context } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import type { Scope } from '../scope.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** On whose behalf the handler works. */
    scope: RequestScope;
  }
}

/** One request. */
class RequestScope implements Scope {
  readonly requestId: string;
  /** Tracing, where it is on, puts the request's span in here. */
  trace: Context = ROOT_CONTEXT;
  readonly #response: ServerResponse;
  #gone: AbortController | null = null;

  constructor(requestId: string, response: ServerResponse) {
    this.requestId = requestId;
    this.#response = response;
  }

  /** Made when first asked for: a request that never waits costs none. */
  get signal(): AbortSignal {
    if (this.#gone === null) {
      const response = this.#response;
      const gone = new AbortController();
      this.#gone = gone;
      const onClose = (): void => {
        if (!response.writableFinished) gone.abort();
      };
      if (response.closed) onClose();
      else response.once('close', onClose);
    }
    return this.#gone.signal;
  }
}

/** Gives each request its `scope`, and each answer the request's id. */
export function addScopes(app: FastifyInstance): void {
  app.decorateRequest('scope');
  app.addHook('onRequest', (request, reply, done) => {
    request.scope = new RequestScope(request.id, reply.raw);
    reply.header('x-request-id', request.id);
    done();
  });
}
