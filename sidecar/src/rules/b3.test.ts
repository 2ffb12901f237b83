import { describe, expect, test } from 'vitest';
import { formatB3, formatB3Fields, parseB3, parseB3Fields } from './b3.ts';

const TRACE = '80f198ee56343ba864fe8b2a57d3eff7';
const SPAN = 'e457b5a2e4d86bd1';

describe('b3 in one header', () => {
  test.each([
    [`${TRACE}-${SPAN}-1-05e3ac9a4f6e3b90`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`${TRACE}-${SPAN}-0`, { traceId: TRACE, spanId: SPAN, sampled: false }],
    [`${TRACE}-${SPAN}-d`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`${TRACE}-${SPAN}`, { traceId: TRACE, spanId: SPAN, sampled: null }],
    [`${TRACE.slice(16)}-${SPAN}-1`, { traceId: `${'0'.repeat(16)}${TRACE.slice(16)}`, spanId: SPAN, sampled: true }],
    [`${TRACE.toUpperCase()}-${SPAN}-1`, { traceId: TRACE, spanId: SPAN, sampled: true }],
  ])('%s is read', (value, parent) => {
    expect(parseB3(value)).toEqual(parent);
  });

  test.each([
    '',
    '0',
    '1',
    'd',
    TRACE,
    `${TRACE}-`,
    `${TRACE}-${SPAN}-2`,
    `${TRACE}-${SPAN}-1-xyz`,
    `${TRACE}-${SPAN}-1-${SPAN}-1`,
    `${'0'.repeat(32)}-${SPAN}-1`,
    `${TRACE}-${'0'.repeat(16)}-1`,
    `${TRACE.slice(1)}-${SPAN}-1`,
    `${TRACE}-${SPAN.slice(1)}g-1`,
  ])('"%s" carries no parent', (value) => {
    expect(parseB3(value)).toBeNull();
  });

  test('what is written can be read', () => {
    const context = { traceId: TRACE, spanId: SPAN, sampled: true };
    expect(parseB3(formatB3(context).slice('b3: '.length).trim())).toEqual(context);
  });
});

describe('b3 in several headers', () => {
  const fields = { traceId: TRACE, spanId: SPAN, sampled: null, flags: null };

  test.each([
    [{}, null],
    [{ sampled: '1' }, true],
    [{ sampled: 'True' }, true],
    [{ sampled: '0' }, false],
    [{ sampled: '0', flags: '1' }, true],
  ])('%o decides %s', (more, sampled) => {
    expect(parseB3Fields({ ...fields, ...more })).toEqual({ traceId: TRACE, spanId: SPAN, sampled });
  });

  test.each([{ traceId: null }, { spanId: null }, { traceId: 'x' }, { sampled: 'maybe' }])(
    '%o carries no parent',
    (broken) => {
      expect(parseB3Fields({ ...fields, ...broken })).toBeNull();
    },
  );

  test('is written with a decision', () => {
    expect(formatB3Fields({ traceId: TRACE, spanId: SPAN, sampled: false })).toBe(
      `X-B3-TraceId: ${TRACE}\r\nX-B3-SpanId: ${SPAN}\r\nX-B3-Sampled: 0\r\n`,
    );
  });
});
