import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { contextBelow, spanOf, traceparentOf } from './traceparent.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('what a context was made of is what it says', () => {
  expect(traceparentOf(contextBelow(spanOf(traceparent)))).toBe(traceparent);
  const unsampled = traceparent.replace(/01$/, '00');
  expect(traceparentOf(contextBelow(spanOf(unsampled)))).toBe(unsampled);
});

test('a context without a span says nothing', () => {
  expect(traceparentOf(ROOT_CONTEXT)).toBeNull();
  expect(trace.getSpanContext(contextBelow(null))).toBeUndefined();
});

test.each([
  null,
  '',
  'nonsense',
  traceparent.toUpperCase(),
  `${traceparent}-more`,
  traceparent.replace(/^00/, 'ff'),
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
])('%j names no span', (text) => {
  expect(spanOf(text)).toBeNull();
});
