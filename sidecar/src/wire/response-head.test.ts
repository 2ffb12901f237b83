import { expect, test } from 'vitest';
import { faults } from './faults.ts';
import { COMPLETE, FAULT, FRAMING, NEED_MORE } from './message-head.ts';
import { ResponseHead } from './response-head.ts';
import { responseHeads } from './response-heads.fixture.ts';

const parse = (text: string, headOnly = false): { head: ResponseHead; progress: number } => {
  const head = new ResponseHead();
  const bytes = Buffer.from(text, 'latin1');
  return { head, progress: head.parse(bytes, 0, bytes.length, headOnly) };
};

test.each(responseHeads)('%s', (_, text, fault) => {
  const { head, progress } = parse(text);
  expect(head.fault).toBe(fault === null ? null : faults[fault]);
  expect(progress).toBe(fault === null ? COMPLETE : FAULT);
  if (fault === null) expect(head.end).toBe(text.length);
});

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', false, FRAMING.length],
  ['a length of nothing', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', false, FRAMING.none],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', false, FRAMING.chunked],
  ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\n', false, FRAMING.close],
  ['the end of the connection, HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n', false, FRAMING.close],
  ['nothing: the request was a HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', true, FRAMING.none],
  ['nothing: a HEAD, though chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', true, FRAMING.none],
  ['nothing: a HEAD without any length', 'HTTP/1.1 200 OK\r\n\r\n', true, FRAMING.none],
  ['nothing: 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', false, FRAMING.none],
  ['nothing: 304', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', false, FRAMING.none],
  ['nothing: 1xx', 'HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n', false, FRAMING.none],
])('RFC 9112 §6.3: the body of an answer is delimited by %s', (_, text, headOnly, framing) => {
  const { head, progress } = parse(text, headOnly);
  expect([progress, head.framing]).toEqual([COMPLETE, framing]);
});

test('RFC 9110 §15.2: an interim answer is followed by another in the same bytes', () => {
  const head = new ResponseHead();
  const first = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
  const bytes = Buffer.from(`${first}HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n`, 'latin1');
  expect(head.parse(bytes, 0, bytes.length, false)).toBe(COMPLETE);
  expect([head.status, head.isInterim, head.end]).toEqual([103, true, first.length]);
  head.reset();
  expect(head.parse(bytes, first.length, bytes.length, false)).toBe(COMPLETE);
  expect([head.status, head.isInterim, head.has(0), head.count, head.end]).toEqual([
    404,
    false,
    false,
    1,
    bytes.length,
  ]);
});

test('no head is complete before its empty line', () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
  for (let length = 0; length < text.length; length++) {
    expect(parse(text.slice(0, length)).progress, JSON.stringify(text.slice(0, length))).toBe(NEED_MORE);
  }
});
