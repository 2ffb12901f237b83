import { expect, test } from 'vitest';
import { faults } from './faults.ts';
import { COMPLETE, FAULT, FRAMING, NEED_MORE } from './message-head.ts';
import { RequestHead } from './request-head.ts';
import { requestHeads } from './request-heads.fixture.ts';

const parse = (text: string): { head: RequestHead; progress: number } => {
  const head = new RequestHead();
  const bytes = Buffer.from(text, 'latin1');
  return { head, progress: head.parse(bytes, 0, bytes.length) };
};
const parsed = (text: string): RequestHead => {
  const { head, progress } = parse(text);
  expect(progress).toBe(COMPLETE);
  return head;
};

test.each(requestHeads)('%s', (_, text, fault) => {
  const { head, progress } = parse(text);
  expect(head.fault).toBe(fault === null ? null : faults[fault]);
  expect(progress).toBe(fault === null ? COMPLETE : FAULT);
  if (fault === null) expect(head.end).toBe(text.length);
});

test('each fault of a request is one of the statuses that are promised', () => {
  const statuses = Object.fromEntries(Object.entries(faults).map(([name, { refusal }]) => [name, refusal.status]));
  const { unknownCoding, versionNotSupported, headTooLarge, targetTooLong, expectation, connect, ...others } = statuses;
  expect({ unknownCoding, versionNotSupported, headTooLarge, targetTooLong, expectation, connect }).toEqual({
    unknownCoding: 501,
    versionNotSupported: 505,
    headTooLarge: 431,
    targetTooLong: 414,
    expectation: 417,
    connect: 405,
  });
  const { loop, ...rest } = others;
  expect(loop).toBe(508);
  expect(new Set(Object.values(rest))).toEqual(new Set([400]));
});

test('no head is complete before its empty line, whole as it may look', () => {
  const text = 'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n';
  for (let length = 0; length < text.length; length++) {
    expect(parse(text.slice(0, length)).progress, JSON.stringify(text.slice(0, length))).toBe(NEED_MORE);
  }
});

test('what comes behind a wrong first line does not have to come: it is refused at once', () => {
  expect(parse('\x16\x03\x01\x02\x00').head.fault).toBe(faults.method);
  expect(parse('GET / HTTP/2.0\r\n').head.fault).toBe(faults.versionNotSupported);
});

test('a line that does not end is refused when it has become too long', () => {
  expect(parse(`GET /${'a'.repeat(16_385)}`).head.fault).toBe(faults.targetTooLong);
  expect(parse('A'.repeat(16_641)).head.fault).toBe(faults.targetTooLong);
  expect(parse(`GET / HTTP/1.1\r\nx: ${'y'.repeat(65_536)}`).head.fault).toBe(faults.headTooLarge);
});

test('a body behind the head, however long, is none of the head’s business', () => {
  const text = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n`;
  const head = parsed(text + 'x'.repeat(100_000));
  expect(head.end).toBe(text.length);
});

test('the head tells where its parts are', () => {
  const head = parsed('\r\nPUT http://b:81/c?d=e HTTP/1.1\r\nHost: a\r\nX-One:  v \r\nx-one: w\r\n\r\n');
  expect(head.method).toBe('PUT');
  expect(head.form).toBe('absolute');
  const text = (from: number, to: number): string => head.bytes.toString('latin1', from, to);
  expect(text(head.start, head.methodEnd)).toBe('PUT');
  expect(text(head.targetStart, head.targetEnd)).toBe('http://b:81/c?d=e');
  expect(text(head.authorityStart, head.pathStart)).toBe('b:81');
  expect(text(head.pathStart, head.targetEnd)).toBe('/c?d=e');
  expect(head.count).toBe(3);
  expect([head.nameAt(1), head.valueAt(1)]).toEqual(['x-one', 'v']);
  expect(head.combined('x-one')).toBe('v, w');
  expect(head.combined('x-two')).toBeNull();
});

test.each([
  ['none at all', '', FRAMING.none, 0],
  ['a length', 'Content-Length: 12\r\n', FRAMING.length, 12],
  ['a length of nothing', 'Content-Length: 0\r\n', FRAMING.none, 0],
  ['the same length twice', 'Content-Length: 7\r\nContent-Length: 07\r\n', FRAMING.length, 7],
  ['chunks', 'Transfer-Encoding: CHUNKED\r\n', FRAMING.chunked, 0],
])('RFC 9112 §6.3: how the body of a request is delimited: %s', (_, fields, framing, length) => {
  const head = parsed(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  expect([head.framing, head.contentLength]).toEqual([framing, length]);
});

test.each([
  ['a body is to come', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n', true],
  ['there is no body', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n', false],
  ['the client speaks HTTP/1.0', 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n', false],
])('RFC 9110 §10.1.1: does the client wait for a 100 when %s?', (_, text, expected) => {
  expect(parsed(text).expectsContinue).toBe(expected);
});
