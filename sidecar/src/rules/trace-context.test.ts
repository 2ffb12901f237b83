import { describe, expect, test } from 'vitest';
import { combineTracestate, formatTraceparent, parseTraceparent } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, true, false],
    [`00-${TRACE}-${SPAN}-00`, false, false],
    [`00-${TRACE}-${SPAN}-03`, true, true],
    [`00-${TRACE}-${SPAN}-02`, false, true],
    [`00-${TRACE}-${SPAN}-fe`, false, true],
    [`00-${TRACE}-${SPAN}-ff`, true, true],
    [`cc-${TRACE}-${SPAN}-03`, true, false],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, true, false],
    [`01-${TRACE}-${SPAN}-01-`, true, false],
  ])('%s is valid', (value, sampled, random) => {
    expect(parseTraceparent(value)).toEqual({ traceId: TRACE, spanId: SPAN, sampled, random });
  });

  test.each([
    ['empty', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version in upper case', `CC-${TRACE}-${SPAN}-01`],
    ['version of one digit', `0-${TRACE}-${SPAN}-01`],
    ['version of three digits', `000-${TRACE}-${SPAN}-01`],
    ['version 00 and more after the flags', `00-${TRACE}-${SPAN}-01-x`],
    ['version 00 and a dash after the flags', `00-${TRACE}-${SPAN}-01-`],
    ['a future version with no dash after the flags', `cc-${TRACE}-${SPAN}-01.x`],
    ['a future version that is too short', `cc-${TRACE}-${SPAN}-0`],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['an all-zero parent id', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a trace id in upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace id with a dot', `00-.${TRACE.slice(1)}-${SPAN}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-001`],
    ['a parent id in upper case', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ['flags that are no hex', `00-${TRACE}-${SPAN}-.0`],
    ['one flag digit', `00-${TRACE}-${SPAN}-1`],
    ['other dashes', `00_${TRACE}_${SPAN}_01`],
    ['a line feed at the end', `00-${TRACE}-${SPAN}-01\n`],
    ['two values in one line', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`],
  ])('%s is invalid', (_name, value) => {
    expect(parseTraceparent(value)).toBeNull();
  });

  test('is written as version 00 with the flags that are defined', () => {
    const parent = parseTraceparent(`cc-${TRACE}-${SPAN}-ff-future`)!;
    expect(formatTraceparent(parent)).toBe(`00-${TRACE}-${SPAN}-01`);
    expect(formatTraceparent({ ...parent, random: true })).toBe(`00-${TRACE}-${SPAN}-03`);
    expect(formatTraceparent({ ...parent, sampled: false })).toBe(`00-${TRACE}-${SPAN}-00`);
  });
});

describe('tracestate', () => {
  const list = (count: number): string => Array.from({ length: count }, (_, i) => `bar${i}=${i}`).join(',');
  const long = (key: string, length: number): string => `${key}=${'v'.repeat(length - key.length - 1)}`;

  test.each<[string, string[], string | null]>([
    ['a single line passes as it is', ['foo=1 \t, \tbar=2'], 'foo=1 \t, \tbar=2'],
    ['lines become one list, in order', ['foo=1,bar=2', 'rojo=1', 'baz=3'], 'foo=1,bar=2,rojo=1,baz=3'],
    ['no line, nothing', [], null],
    ['an empty line, nothing', ['', ' \t'], null],
    ['an empty line beside another', ['foo=1', ''], 'foo=1'],
    ['empty members pass', ['foo=1,,bar=2,'], 'foo=1,,bar=2,'],
    ['white space around', [' \tfoo=1\t '], 'foo=1'],
    ['32 members', [list(32)], list(32)],
    ['33 members, nothing', [list(33)], null],
    ['33 members in two lines, nothing', [list(32), 'foo=1'], null],
    ['of a repeated key the newer, which is the first', ['foo=1,bar=2,foo=3'], 'foo=1,bar=2'],
    ['the same over two lines', ['foo=1', 'foo=2'], 'foo=1'],
    ['a tenant and its system', ['0a_-*/z@a1_-*/=1,a@b=2'], '0a_-*/z@a1_-*/=1,a@b=2'],
    ['a key that begins with a digit (Level 2)', ['1a=1'], '1a=1'],
    ['a space inside the value', ['foo= a b'], 'foo= a b'],
    ['printable characters', ['foo=!"#$%&\'()*+-./:;<>?@[]^_`{|}~'], 'foo=!"#$%&\'()*+-./:;<>?@[]^_`{|}~'],
    ['a key of 256', [`${'z'.repeat(256)}=1`], `${'z'.repeat(256)}=1`],
    ['a key of 257', ['foo=1', `${'z'.repeat(257)}=1`], null],
    [
      'a tenant of 241 at a system of 14',
      [`${'t'.repeat(241)}@${'v'.repeat(14)}=1`],
      `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
    ],
    ['a tenant of 242', ['foo=1', `${'t'.repeat(242)}@v=1`], null],
    ['a system of 15', ['foo=1', `t@${'v'.repeat(15)}=1`], null],
    ['a value of 256', [`t=${'v'.repeat(256)}`], `t=${'v'.repeat(256)}`],
    ['a value of 257', [`t=${'v'.repeat(257)}`], null],
    ...[
      'foo',
      'foo=',
      '=1',
      'foo =1',
      'FOO=1',
      'foo.bar=1',
      '_a=1',
      'foo@=1',
      '@foo=1',
      'foo@@bar=1',
      'foo@bar@baz=1',
      'a@1=1',
      'foo=bar=baz',
      'foo=\u00e9',
      'foo=\u00a0',
      'foo=a\tb',
      'foo=a\u007f',
    ].map((invalid): [string, string[], null] => [
      `with ${JSON.stringify(invalid)}, nothing`,
      [`ok=1,${invalid}`],
      null,
    ]),
  ])('%s', (_name, lines, expected) => {
    expect(combineTracestate(lines)).toBe(expected);
  });

  test('of 512 characters passes whole', () => {
    const whole = [long('a', 127), long('b', 127), long('c', 127), long('d', 128)].join(',');
    expect(whole.length).toBe(512);
    expect(combineTracestate([whole])).toBe(whole);
  });

  test('that is too long loses its large entries first, from the end', () => {
    const entries = [long('a', 200), long('b', 100), long('c', 200), long('d', 100)];
    expect(combineTracestate([entries.join(',')])).toBe([entries[0], entries[1], entries[3]].join(','));
  });

  test('of 512 characters in two lines passes whole', () => {
    const [first, second] = [`${long('a', 127)},${long('b', 127)}`, `${long('c', 127)},${long('d', 128)}`];
    expect(combineTracestate([first, second])).toBe(`${first},${second}`);
  });

  test('that is too long keeps an entry of 128 characters before one of 129', () => {
    const entries = [long('a', 129), ...['b', 'c', 'd'].map((key) => long(key, 127)), long('f', 128)];
    expect(combineTracestate([entries.join(',')])).toBe(entries.slice(1).join(','));
  });

  test('that is still too long loses others, from the end', () => {
    const entries = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => long(key, 120));
    expect(combineTracestate([entries.join(',')])).toBe(entries.slice(0, 4).join(','));
  });

  test('of one entry that is too long is dropped', () => {
    expect(combineTracestate([`${'k'.repeat(256)}=${'v'.repeat(256)}`])).toBeNull();
  });
});
