import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { silentLog } from './log.ts';
import { backgroundScope } from './scope.ts';
import { fixedSettings } from './settings/live-settings.ts';
import { callSpan, recordingSpan, startTracing, tracer } from './tracing.ts';

const nobody = 'http://127.0.0.1:9'; // the discard port

test('without an endpoint nothing is started, and nothing is recorded', async () => {
  expect(await startTracing({ settings: fixedSettings(), log: silentLog })).toBeNull();
  expect(tracer().startSpan('any').isRecording()).toBe(false);
  expect(recordingSpan(backgroundScope('test'))).toBeNull();
  expect(callSpan(backgroundScope('test'), 'any', {})).toBeNull();
});

test('a receiver that is away costs spans, and does not keep the service from ending', async () => {
  const settings = fixedSettings({ 'tracing.endpoint': nobody });
  const tracing = await startTracing({ settings, log: silentLog });
  const span = tracer().startSpan('any');
  expect(span.isRecording()).toBe(true);
  span.end();
  await tracing!.close();
  expect(trace.getTracer('any').startSpan('any').isRecording()).toBe(false);
});
