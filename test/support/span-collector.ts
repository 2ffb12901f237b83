import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

/** A span as OTLP/JSON writes it, as far as the tests look. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 2: server, 3: client. */
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, unknown>;
  events: { name: string; attributes: Record<string, unknown> }[];
  status: { code?: number; message?: string };
  /** Of the resource. */
  service: unknown;
  /** Name of the instrumentation: the program that tells it. */
  scope: string;
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
interface RawSpan extends Omit<Span, 'attributes' | 'events' | 'service' | 'scope'> {
  attributes: Attribute[];
  events?: { name: string; attributes: Attribute[] }[];
}
interface Batch {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { scope?: { name?: string }; spans: RawSpan[] }[];
  }[];
}

export interface SpanCollector {
  readonly url: string;
  readonly spans: readonly Span[];
  /** Waits until so many spans of this trace have come; gives them, servers first. */
  trace(traceId: string, count: number): Promise<Span[]>;
  close(): void;
}

const plain = (attributes: Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += String(piece);
  return text;
}

function spansOf({ resourceSpans }: Batch): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: plain(span.attributes),
        events: (span.events ?? []).map(({ name, attributes }) => ({ name, attributes: plain(attributes) })),
        service: plain(resource.attributes)['service.name'],
        scope: scope?.name ?? '',
      })),
    ),
  );
}

/** A collector that takes OTLP/HTTP in JSON, at this address of the machine. */
export async function startCollector(host = '127.0.0.1'): Promise<SpanCollector> {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      if (request.url === '/v1/traces') spans.push(...spansOf(JSON.parse(text) as Batch));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, host);
  await once(server, 'listening');
  const ofTrace = (traceId: string): Span[] => spans.filter((span) => span.traceId === traceId);
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    spans,
    async trace(traceId, count) {
      await until(`${count} spans of ${traceId}`, () => ofTrace(traceId).length >= count);
      return ofTrace(traceId).sort((one, other) => one.kind - other.kind);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
