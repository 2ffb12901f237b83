import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { SpanRecord } from '../span-record.ts';
import type { Logger } from '@fusebox/runtime/log.ts';

export interface TelemetryOptions {
  /** Base URL of an OTLP/HTTP collector; `/v1/traces` is appended (OTLP exporter specification, endpoint URLs). */
  endpoint: string;
  /** `service.name` of the spans' resource. */
  serviceName: string;
  log: Logger;
  /** More attributes of the resource. They stand above those in OTEL_RESOURCE_ATTRIBUTES. */
  resourceAttributes?: Record<string, string>;
  /** How long a span waits for others to travel with (ms). Default 1000. */
  batchDelayMs?: number;
  /** How long `close` waits for what is queued (ms). Default 2000. */
  closeTimeoutMs?: number;
}

export interface Telemetry {
  /** Queues one finished span. Never throws and never waits: when the queue is full the span is dropped. */
  readonly export: (record: SpanRecord) => void;
  /** Spans that were dropped, or that the collector did not take (count). */
  dropped(): number;
  /** Sends what is queued, and waits for that at most `closeTimeoutMs`. */
  close(): Promise<void>;
}

/** Bounds memory while the collector is away: some 2 MiB. */
const maxQueued = 2048;
const maxBatch = 512;
/** One try of a batch, retries included. */
const exportTimeoutMs = 5_000;
/** `ExportResultCode.SUCCESS`, an enum that the SDK does not hand on. */
const exportSuccess = 0;

function tracesUrl(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}

/** Passes batches on, counts what was lost, and tells of an outage once when it begins and once when it ends. */
class CountingExporter implements SpanExporter {
  /** Spans handed over that no export has begun for (count). */
  queued = 0;
  lost = 0;
  readonly #exporter: SpanExporter;
  readonly #log: Logger;
  readonly #url: string;
  #outage = false;

  constructor(exporter: SpanExporter, log: Logger, url: string) {
    this.#exporter = exporter;
    this.#log = log;
    this.#url = url;
  }

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.queued -= spans.length;
    this.#exporter.export(spans, (result) => {
      const code: number = result.code;
      const failed = code !== exportSuccess;
      if (failed) this.lost += spans.length;
      if (failed && !this.#outage) {
        this.#log.warn('spans cannot be exported', { url: this.#url, error: result.error });
      }
      if (!failed && this.#outage) this.#log.info('spans are exported again', { url: this.#url, lost: this.lost });
      this.#outage = failed;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }
}

/** Starts the exporter. The OpenTelemetry SDK is loaded here, so that a sidecar without an endpoint pays nothing for it. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { endpoint, serviceName, log, resourceAttributes = {}, batchDelayMs = 1_000, closeTimeoutMs = 2_000 } = options;
  const [{ BatchSpanProcessor }, { OTLPTraceExporter }, { newSpanReplay }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('./span-replay.ts'),
  ]);
  const url = tracesUrl(endpoint);
  const exporter = new CountingExporter(new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs }), log, url);
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize: maxQueued,
    maxExportBatchSize: maxBatch,
    scheduledDelayMillis: batchDelayMs,
    exportTimeoutMillis: 2 * exportTimeoutMs,
  });
  const replay = newSpanReplay({
    processor,
    resourceAttributes: { ...resourceAttributes, 'service.name': serviceName },
  });
  let closing: Promise<void> | null = null;

  return {
    export(record) {
      if (closing !== null || exporter.queued >= maxQueued) {
        exporter.lost += 1;
        return;
      }
      exporter.queued += 1;
      try {
        replay(record);
      } catch (error) {
        exporter.queued -= 1;
        exporter.lost += 1;
        log.error('a span could not be queued', { error });
      }
    },
    dropped: () => exporter.lost,
    close() {
      closing ??= within(processor.shutdown(), closeTimeoutMs);
      return closing;
    },
  };
}

/** Waits for `work`, whether it succeeds or fails, but not longer than this. */
async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work.catch(() => {}), timeout]);
  clearTimeout(timer);
}
