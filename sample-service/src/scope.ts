import type { Context } from '@opentelemetry/api';

/** On whose behalf something is done: one request, or one piece of work in the background. Handed on to whatever waits, asks or calls. */
export interface Scope {
  /** Kept from `x-request-id`, or made; in logs, spans and answers alike. */
  readonly requestId: string;
  /** Aborted when the client has gone: whoever waits on its behalf stops waiting. */
  readonly signal: AbortSignal;
  /** Holds the span that children belong to. Empty where tracing is off. */
  readonly trace: Context;
}
