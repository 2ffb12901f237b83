import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Log } from '../log.ts';
import { backgroundScope } from '../scope.ts';
import { tracer } from '../tracing.ts';
import type { Delivery, Handler, Verdict } from './bus.ts';
import { contextBelow, spanOf } from './traceparent.ts';

/** What there is to know about the handling of one delivery. */
export interface Handling {
  handler: Handler;
  /** The consumer's name. */
  durable: string;
  log: Log;
}

/**
 * Has a message handled, and never throws. The span stands below the sender's, so that both are sampled or neither, and
 * is linked to it, as the semantic conventions of messaging want it of a consumer.
 */
export async function handleDelivery(
  delivery: Delivery,
  { handler, durable, log }: Handling,
): Promise<Verdict | { thrown: unknown }> {
  const { id, subject, requestId, attempt } = delivery;
  const sender = spanOf(delivery.traceparent);
  const parent = contextBelow(sender);
  const span = tracer().startSpan(
    `process ${subject}`,
    {
      kind: SpanKind.CONSUMER,
      links: sender === null ? [] : [{ context: sender }],
      attributes: {
        'messaging.operation.type': 'process',
        'messaging.destination.name': subject,
        'messaging.consumer.group.name': durable,
        'messaging.message.id': id,
        request_id: requestId,
      },
    },
    parent,
  );
  try {
    return await handler(delivery, backgroundScope(requestId, undefined, trace.setSpan(parent, span)));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    if (error instanceof Error) span.recordException(error);
    log.warn('an event could not be handled', { event_id: id, subject, consumer: durable, attempt, error });
    return { thrown: error };
  } finally {
    span.end();
  }
}
