import { ROOT_CONTEXT, type Context } from '@opentelemetry/api';

/** On whose behalf something is done: one request, or one piece of work in the background. Handed on to whatever waits, asks or calls. */
export interface Scope {
  /** Kept from `x-request-id`, or made; in logs, spans and answers alike. */
  readonly requestId: string;
  /** Aborted when the client has gone: whoever waits on its behalf stops waiting. */
  readonly signal: AbortSignal;
  /** Holds the span that children belong to: the caller's own where tracing is off, if there is one. */
  readonly trace: Context;
}

const never = new AbortController().signal;

/** A piece of work that no client waits for. `name` stands where requests have their id. */
export const backgroundScope = (name: string, signal: AbortSignal = never, trace: Context = ROOT_CONTEXT): Scope => ({
  requestId: name,
  signal,
  trace,
});
