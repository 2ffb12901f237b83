/**
 * Makes spans of the OpenTelemetry SDK out of plain records, with exactly the ids that have already gone over the wire. The SDK
 * draws ids and takes sampling decisions itself when a span starts; here both were settled when the request came, so its
 * generator and its sampler only repeat what the record says.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, createTraceState, trace } from '@opentelemetry/api';
import type { Context, HrTime } from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SamplingDecision } from '@opentelemetry/sdk-trace-node';
import type { IdGenerator, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { SpanRecord } from '../span-record.ts';

interface SpanReplayOptions {
  /** Gets each finished span. */
  processor: SpanProcessor;
  resourceAttributes: Record<string, string>;
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

/** A number would be taken for one of `performance.now()` when it is small; seconds and nanoseconds leave no doubt. */
function hrTime(wallMs: number): HrTime {
  const seconds = Math.floor(wallMs / 1000);
  return [seconds, Math.round((wallMs - seconds * 1000) * 1e6)];
}

function parentContext({ traceId, parentSpanId, kind }: SpanRecord): Context {
  if (parentSpanId === null) return ROOT_CONTEXT;
  const parent = { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: kind === 'server' };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** A function that starts and ends the SDK's span for one record. */
export function newSpanReplay({ processor, resourceAttributes }: SpanReplayOptions): (record: SpanRecord) => void {
  let current: SpanRecord | null = null;
  const idGenerator: IdGenerator = {
    generateTraceId: () => current?.traceId ?? '',
    generateSpanId: () => current?.spanId ?? '',
  };
  const sampler: Sampler = {
    shouldSample: () => {
      const traceState = current?.traceState ?? null;
      const decision = SamplingDecision.RECORD_AND_SAMPLED;
      return traceState === null ? { decision } : { decision, traceState: createTraceState(traceState) };
    },
    toString: () => 'AlreadyDecided',
  };
  const resource = defaultResource()
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes(resourceAttributes));
  const tracer = new BasicTracerProvider({ resource, idGenerator, sampler, spanProcessors: [processor] }).getTracer(
    'fusebox',
  );

  return (record) => {
    current = record;
    const startTime = hrTime(record.startWallMs);
    const options = { kind: kinds[record.kind], startTime, attributes: record.attributes };
    const span = tracer.startSpan(record.name, options, parentContext(record));
    for (const { name, wallMs, attributes } of record.events) span.addEvent(name, attributes ?? {}, hrTime(wallMs));
    if (record.error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: record.error });
    span.end(hrTime(record.endWallMs));
    current = null;
  };
}
