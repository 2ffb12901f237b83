/** The one file that loads the OpenTelemetry SDK. Nobody imports it but `startTracing`, and only where an endpoint is set. */
import { context, diag, DiagLogLevel, propagation, trace, type DiagLogger } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';
import type { Log } from '../log.ts';
import type { Tracing } from '../tracing.ts';

export interface SdkOptions {
  /** Base URL of the receiver; `/v1/traces` is appended (OTLP exporter specification, endpoint URLs). */
  endpoint: string;
  /** `service.name` of the resource, where `OTEL_SERVICE_NAME` does not name another. */
  serviceName: string;
  /** Share of the traces that begin here (0..1); those that come from a caller are sampled as the caller did. */
  sampleRatio: () => number;
  log: Log;
}

// A receiver that is away costs spans, never memory: the queue is bounded, and so is the wait at the end.
const maxQueued = 2_048;
const batchDelayMs = 1_000;
const exportTimeoutMs = 5_000;
const closeTimeoutMs = 2_000;

/** Starts the SDK as the one of this process, with W3C trace context and baggage. */
export function startSdk({ endpoint, serviceName, sampleRatio, log }: SdkOptions): Tracing {
  diag.setLogger(diagnosticsTo(log), { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
  });
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({ root: new LiveRatioSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: maxQueued,
        scheduledDelayMillis: batchDelayMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  provider.register({ contextManager: null }); // contexts are arguments here: see tracing.ts
  return {
    async close() {
      await within(provider.shutdown(), closeTimeoutMs);
      for (const api of [trace, propagation, context, diag]) api.disable();
    },
  };
}

/** The SDK's own sampler has one ratio for life; this one has a new one as soon as the settings do. */
class LiveRatioSampler implements Sampler {
  readonly #ratio: () => number;
  #sampler = new TraceIdRatioBasedSampler(0);
  #of = 0;

  constructor(ratio: () => number) {
    this.#ratio = ratio;
  }

  shouldSample(...[parent, traceId]: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    const ratio = this.#ratio();
    if (ratio !== this.#of) {
      this.#sampler = new TraceIdRatioBasedSampler(ratio);
      this.#of = ratio;
    }
    return this.#sampler.shouldSample(parent, traceId);
  }

  toString(): string {
    return `LiveRatioSampler{${this.#ratio()}}`;
  }
}

function diagnosticsTo(log: Log): DiagLogger {
  const tell = (message: string): void => log.warn('tracing has a problem', { detail: message });
  const silent = (): void => {};
  return { error: tell, warn: silent, info: silent, debug: silent, verbose: silent };
}

/** Waits for `work`, whether it succeeds or fails, but not longer than this. */
async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work.catch(() => {}), timeout]);
  clearTimeout(timer);
}
