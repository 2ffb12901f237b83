/**
 * Technique: tracing. One trace goes through everything that one request causes, here and in other services.
 *
 * - A handler's span begins in `tracing/request-spans.ts`, below the caller's (`traceparent`), and goes on in `Scope.trace`.
 * - Whoever does something on a request's behalf takes the scope, and asks here for a span below it: `database/traced.ts` for
 *   each query, `outgoing.ts` for each call, which also sends `traceparent` on. The context is an argument like any other;
 *   `AsyncLocalStorage` would find it by itself, at a price that every promise of every request pays.
 * - Everybody uses `@opentelemetry/api` alone. The SDK is loaded only where an endpoint is set: without one there is no hook, no
 *   span and no wrapper, and all of this costs nothing. Of requests that are not sampled only the context is made.
 */
import { SpanKind, SpanStatusCode, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api';
import type { Log } from './log.ts';
import type { Scope } from './scope.ts';
import type { Settings } from './settings/settings.ts';

export interface TracingParts {
  /** Read when sampling, so that `sample_ratio` changes live; the rest holds from the start. */
  settings: { readonly current: Pick<Settings, 'tracing'> };
  log: Log;
}

export interface Tracing {
  /** Sends what is queued; waits for that at most two seconds. */
  close(): Promise<void>;
}

/** Starts the SDK; null where no endpoint is set. One at a time in a process. */
export async function startTracing({ settings, log }: TracingParts): Promise<Tracing | null> {
  const { endpoint, service_name: serviceName } = settings.current.tracing;
  if (endpoint === undefined) return null;
  const { startSdk } = await import('./tracing/sdk.ts');
  return startSdk({ endpoint, serviceName, log, sampleRatio: () => settings.current.tracing.sample_ratio });
}

/** Asked for at each use: a tracer that was kept would go on with the SDK of its first use. */
export const tracer = (): Tracer => trace.getTracer('sample-service');

/** The span that work on this scope's behalf belongs below; null where nobody records it, so that attributes need not be made. */
export function recordingSpan(scope: Scope): Span | null {
  const span = trace.getSpan(scope.trace);
  return span?.isRecording() === true ? span : null;
}

/** Begins the span of a call that leaves the process, below the scope's own; null where nobody records it. */
export const callSpan = (scope: Scope, name: string, attributes: Attributes): Span | null =>
  recordingSpan(scope) && tracer().startSpan(name, { kind: SpanKind.CLIENT, attributes }, scope.trace);

/** Marks a span as failed. `type` is of low cardinality: a code or a status (stable attribute `error.type`). */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Says on the handler's span which user it is about, and whether there is one. */
export function traceUser(scope: Scope, id: number, found: boolean): void {
  const span = recordingSpan(scope);
  if (span === null) return;
  span.setAttribute('user_id', id);
  span.addEvent(found ? 'User found' : 'User not found');
}
