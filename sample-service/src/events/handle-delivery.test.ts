import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { Scope } from '../scope.ts';
import type { Delivery } from './bus.ts';
import { handleDelivery } from './handle-delivery.ts';

const exporter = new InMemorySpanExporter();
beforeAll(() => {
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register({ contextManager: null, propagator: null });
});
afterAll(() => {
  trace.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

const delivery = (traceparent: string | null): Delivery => ({
  id: 'event-1',
  subject: 'user.created',
  payload: {},
  requestId: 'request-1',
  traceparent,
  attempt: 1,
});
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test("a consumer's span stands below the sender's, and is linked to it", async () => {
  let scope: Scope | undefined;
  const handler = async (_delivery: Delivery, own: Scope): Promise<'done'> => {
    scope = own;
    return 'done';
  };
  const sent = delivery(`00-${traceId}-${spanId}-01`);
  expect(await handleDelivery(sent, { handler, durable: 'mail', log: silentLog })).toBe('done');
  const [span] = exporter.getFinishedSpans();
  expect(span).toMatchObject({
    name: 'process user.created',
    kind: SpanKind.CONSUMER,
    parentSpanContext: { traceId, spanId },
    links: [{ context: { traceId, spanId } }],
    attributes: { 'messaging.message.id': 'event-1', request_id: 'request-1' },
  });
  expect(scope!.requestId).toBe('request-1');
  expect(trace.getSpanContext(scope!.trace)).toEqual(span!.spanContext());
});

test('what was not sampled when it was sent is not sampled now', async () => {
  const sent = delivery(`00-${traceId}-${spanId}-00`);
  await handleDelivery(sent, { handler: async () => 'done', durable: 'mail', log: silentLog });
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test('what was sent without a trace begins one', async () => {
  await handleDelivery(delivery(null), { handler: async () => 'done', durable: 'mail', log: silentLog });
  expect(exporter.getFinishedSpans()).toMatchObject([{ links: [], parentSpanContext: undefined }]);
});

test('an error is an outcome, and stands on the span', async () => {
  const error = new Error('not now');
  const handler = (): Promise<never> => Promise.reject(error);
  const outcome = await handleDelivery(delivery(null), { handler, durable: 'mail', log: silentLog });
  expect(outcome).toEqual({ thrown: error });
  expect(exporter.getFinishedSpans()).toMatchObject([
    { status: { code: SpanStatusCode.ERROR }, events: [{ name: 'exception' }] },
  ]);
});
