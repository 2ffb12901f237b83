import type { ServerResponse } from 'node:http';
import type { Context } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import { contextBelow, spanOf } from '../events/traceparent.ts';
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
  readonly #response: ServerResponse;
  #trace: Context | null = null;
  #gone: AbortController | null = null;

  constructor(requestId: string, response: ServerResponse) {
    this.requestId = requestId;
    this.#response = response;
  }

  /**
   * Tracing, where it is on, puts the request's span in here. Where it is off this is the caller's, read when first asked for: calls and
   * events take its trace along, so that others see one trace although this service adds nothing to it.
   */
  get trace(): Context {
    this.#trace ??= contextBelow(spanOf(traceparentOf(this.#response)));
    return this.#trace;
  }
  set trace(context: Context) {
    this.#trace = context;
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

function traceparentOf({ req: { headers } }: ServerResponse): string | null {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : null;
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
