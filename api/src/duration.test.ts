import { describe, expect, test } from 'vitest';

import { formatDuration, parseDuration } from './duration.ts';

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['5s', 5_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1.5s', 1_500],
    ['1m30s', 90_000],
    ['1h2m3s4ms', 3_723_004],
    ['0', 0],
    ['0s', 0],
    ['1.001s', 1_001],
    ['0.25s', 250],
    ['90m', 5_400_000],
    ['007s', 7_000],
  ])('%j is %d ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });

  test.each([
    '',
    '5',
    '5x',
    's',
    '-5s',
    '+5s',
    '5 s',
    ' 5s',
    '5s ',
    '5S',
    '1s1m',
    '5s5s',
    '.5s',
    '5.s',
    '1e3ms',
    '0.5ms',
    '1.0005s',
    '1us',
    '1d',
    '１s',
    '9999999999999s',
    '٣s',
    '5s\n',
    'Infinitys',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test.each([
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1s500ms'],
    [90_000, '1m30s'],
    [86_400_000, '24h'],
  ])('%d ms is written %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});
