import { describe, expect, test } from 'vitest';
import { allowsReuse, forwardedAnswer, forwardedRequest, isPersistent, type AnswerEdits } from './forwarded-head.ts';
import { FIELD } from './known-fields.ts';
import { COMPLETE } from './message-head.ts';
import { RequestHead } from './request-head.ts';
import { ResponseHead } from './response-head.ts';

const text = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

const requestHead = (...lines: readonly string[]): RequestHead => {
  const head = new RequestHead();
  // Something stands before and behind it, as in a connection's buffer.
  const bytes = Buffer.from(`before${text(...lines)}behind`, 'latin1');
  expect([head.parse(bytes, 6, bytes.length), head.fault]).toEqual([COMPLETE, null]);
  return head;
};
const answerHead = (...lines: readonly string[]): ResponseHead => {
  const head = new ResponseHead();
  const bytes = Buffer.from(`before${text(...lines)}behind`, 'latin1');
  expect([head.parse(bytes, 6, bytes.length, false), head.fault]).toEqual([COMPLETE, null]);
  return head;
};

const ADDED = 'Via: 1.1 me\r\n';
const request = (lines: readonly string[], replaced = 0): string =>
  forwardedRequest(requestHead(...lines), { added: ADDED, replaced, authority: 'service:1' });
const answer = (lines: readonly string[], edits: Partial<AnswerEdits> = {}): string =>
  forwardedAnswer(answerHead(...lines), { added: ADDED, clientMinor: 1, date: 'now', ...edits });

type Forwarding = readonly [name: string, lines: readonly string[], expected: readonly string[]];

const requests: readonly Forwarding[] = [
  [
    'RFC 9110 §5.3: odd but legal lines pass in order, case and bytes',
    ['GET /%2f/..;a?b HTTP/1.1', 'hOsT:a', 'X-a:  1\t', 'x-A: \xe4\xff', 'COOKIE: a="b, c"', 'X-a: 1', 'empty:'],
    [
      'GET /%2f/..;a?b HTTP/1.1',
      'hOsT:a',
      'X-a:  1\t',
      'x-A: \xe4\xff',
      'COOKIE: a="b, c"',
      'X-a: 1',
      'empty:',
      'Via: 1.1 me',
    ],
  ],
  [
    'RFC 9110 §5.4: a long value passes',
    ['GET / HTTP/1.1', 'Host: a', `x: ${'v'.repeat(30_000)}`],
    ['GET / HTTP/1.1', 'Host: a', `x: ${'v'.repeat(30_000)}`, 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §7.6.1: fields for one hop stay here, wherever they stand',
    [
      'GET / HTTP/1.1',
      'Connection: keep-alive',
      'Host: a',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'a: 1',
      'Proxy-Authorization: Basic eA==',
      'Proxy-Authenticate: Basic',
      'TE: gzip',
      'b: 2',
      'Upgrade: websocket',
    ],
    ['GET / HTTP/1.1', 'Host: a', 'a: 1', 'b: 2', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §7.6.1: so do those that Connection names, in any case and over several lines',
    [
      'GET / HTTP/1.1',
      'Host: a',
      'X-One: 1',
      'connection: x-ONE , close',
      'x-one: 2',
      'Connection:x-two,,',
      'X-Two: 3',
      'X-Three: 4',
    ],
    ['GET / HTTP/1.1', 'Host: a', 'X-Three: 4', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §7.6.1: what the message needs stays, whoever names it',
    [
      'POST / HTTP/1.1',
      'Host: a',
      'Connection: host, content-length, transfer-encoding, trailer, via, date, expect, x',
      'Content-Length: 3',
      'Via: 1.1 b',
      'Expect: 100-continue',
      'Trailer: y',
      'Date: d',
    ],
    [
      'POST / HTTP/1.1',
      'Host: a',
      'Content-Length: 3',
      'Via: 1.1 b',
      'Expect: 100-continue',
      'Trailer: y',
      'Date: d',
      'Via: 1.1 me',
    ],
  ],
  [
    'RFC 9110 §5.6.3: a no-break space belongs to a name, and so names nothing',
    ['GET / HTTP/1.1', 'Host: a', 'Connection: x\xa0', 'x: 1'],
    ['GET / HTTP/1.1', 'Host: a', 'x: 1', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §10.1.4: TE says trailers to the next hop',
    ['GET / HTTP/1.1', 'Host: a', 'TE: gzip;q=0.5', 'Connection: TE', 'te: deflate , Trailers'],
    ['GET / HTTP/1.1', 'Host: a', 'Via: 1.1 me', 'TE: trailers', 'Connection: TE'],
  ],
  [
    'RFC 9112 §6.3: one Content-Length is enough',
    ['POST / HTTP/1.1', 'Content-Length: 3', 'Host: a', 'content-length: 3', 'x: y', 'Content-Length: 3'],
    ['POST / HTTP/1.1', 'Host: a', 'x: y', 'Via: 1.1 me', 'Content-Length: 3'],
  ],
  [
    'RFC 9110 §8.6: with zeros before it, it is said anew',
    ['POST / HTTP/1.1', 'Content-Length: 03', 'Host: a'],
    ['POST / HTTP/1.1', 'Host: a', 'Via: 1.1 me', 'Content-Length: 3'],
  ],
  [
    'RFC 9112 §5: so it is with white space that some readers stumble over',
    ['POST / HTTP/1.1', 'Content-Length:\t3', 'Host: a'],
    ['POST / HTTP/1.1', 'Host: a', 'Via: 1.1 me', 'Content-Length: 3'],
  ],
  [
    'RFC 9112 §7: and Transfer-Encoding',
    ['POST / HTTP/1.1', 'TRANSFER-encoding:  chunked', 'Host: a'],
    ['POST / HTTP/1.1', 'Host: a', 'Via: 1.1 me', 'Transfer-Encoding: chunked'],
  ],
  [
    'RFC 9112 §7: also in another case',
    ['POST / HTTP/1.1', 'Transfer-Encoding: Chunked', 'Host: a'],
    ['POST / HTTP/1.1', 'Host: a', 'Via: 1.1 me', 'Transfer-Encoding: chunked'],
  ],
  [
    'RFC 9112 §7: in their usual spelling they stay',
    ['POST / HTTP/1.1', 'TRANSFER-encoding:chunked', 'Host: a'],
    ['POST / HTTP/1.1', 'TRANSFER-encoding:chunked', 'Host: a', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §10.1.1: an expectation passes when there is something to wait for',
    ['POST / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 3'],
    ['POST / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 3', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §10.1.1: and does not when there is no body',
    ['GET / HTTP/1.1', 'Host: a', 'Expect: 100-continue'],
    ['GET / HTTP/1.1', 'Host: a', 'Via: 1.1 me'],
  ],
  [
    'RFC 9112 §3.2.2: absolute-form becomes origin-form, its authority the Host',
    ['GET http://B:81/c?d HTTP/1.1', 'Host: a', 'x: y'],
    ['GET /c?d HTTP/1.1', 'x: y', 'Via: 1.1 me', 'Host: B:81'],
  ],
  [
    'RFC 9112 §3.2.1: an empty path is /',
    ['GET http://b HTTP/1.1', 'Host: b'],
    ['GET / HTTP/1.1', 'Via: 1.1 me', 'Host: b'],
  ],
  [
    'RFC 9112 §3.2.1: also before a query',
    ['OPTIONS http://b?c HTTP/1.1', 'Host: b'],
    ['OPTIONS /?c HTTP/1.1', 'Via: 1.1 me', 'Host: b'],
  ],
  [
    'RFC 9112 §3.2.4: OPTIONS of a whole server',
    ['OPTIONS http://b:81 HTTP/1.1', 'Host: a'],
    ['OPTIONS * HTTP/1.1', 'Via: 1.1 me', 'Host: b:81'],
  ],
  [
    'RFC 9112 §3.2.4: OPTIONS * passes',
    ['OPTIONS * HTTP/1.1', 'Host: a'],
    ['OPTIONS * HTTP/1.1', 'Host: a', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §2.5: HTTP/1.0 is passed on as HTTP/1.1, without its keep-alive',
    ['POST /p HTTP/1.0', 'Connection: keep-alive', 'Host: a', 'Expect: 100-continue', 'Content-Length: 3'],
    ['POST /p HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Via: 1.1 me'],
  ],
  [
    'RFC 9112 §3.2: who names no Host, as HTTP/1.0 may, gets that of the service',
    ['GET /p HTTP/1.0', 'x: y'],
    ['GET /p HTTP/1.1', 'x: y', 'Via: 1.1 me', 'Host: service:1'],
  ],
  [
    'RFC 9110 §2.5: HTTP/1.2 is passed on as HTTP/1.1',
    ['GET /p HTTP/1.2', 'Host: a'],
    ['GET /p HTTP/1.1', 'Host: a', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §7.6.2: Max-Forwards is one less',
    ['TRACE / HTTP/1.1', 'Host: a', 'max-forwards: 10', 'x: y'],
    ['TRACE / HTTP/1.1', 'Host: a', 'x: y', 'Via: 1.1 me', 'Max-Forwards: 9'],
  ],
  [
    'RFC 9110 §7.8: an upgrade is passed on where a tunnel is possible',
    ['GET / HTTP/1.1', 'Host: a', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'],
    ['GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Sec-WebSocket-Key: x', 'Via: 1.1 me', 'Connection: upgrade'],
  ],
  [
    'RFC 9110 §7.8: and is not with a body',
    ['POST / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 3'],
    ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 3', 'Via: 1.1 me'],
  ],
];

test.each(requests)('request: %s', (_, lines, expected) => {
  expect(request(lines)).toBe(text(...expected));
});

test('what the sidecar says itself replaces what the client said', () => {
  const lines = ['GET / HTTP/1.1', 'traceparent: a', 'Host: a', 'TraceParent: b', 'tracestate: c'];
  expect(request(lines, 1 << FIELD.traceparent)).toBe(
    text('GET / HTTP/1.1', 'Host: a', 'tracestate: c', 'Via: 1.1 me'),
  );
});

const answers: readonly Forwarding[] = [
  [
    'RFC 9110 §5.3: odd but legal lines pass in order, case and bytes',
    ['HTTP/1.1 200 Tr\xe8s bien', 'DATE: d', 'Set-Cookie: a', 'set-cookie: b', 'x: \xff ', 'Content-Length: 3'],
    [
      'HTTP/1.1 200 Tr\xe8s bien',
      'DATE: d',
      'Set-Cookie: a',
      'set-cookie: b',
      'x: \xff ',
      'Content-Length: 3',
      'Via: 1.1 me',
    ],
  ],
  [
    'RFC 9110 §7.6.1: fields for one hop stay here, and those that Connection names',
    [
      'HTTP/1.1 200 ',
      'Date: d',
      'Connection: close, X',
      'x: y',
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: b',
      'z: 1',
    ],
    ['HTTP/1.1 200 ', 'Date: d', 'z: 1', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §6.6.1: a Date is added where there is none',
    ['HTTP/1.1 404 Not Found', 'Content-Length: 0'],
    ['HTTP/1.1 404 Not Found', 'Content-Length: 0', 'Via: 1.1 me', 'Date: now'],
  ],
  [
    'RFC 9110 §15.2: but not to an interim answer',
    ['HTTP/1.1 103 Early Hints', 'Link: </a>'],
    ['HTTP/1.1 103 Early Hints', 'Link: </a>', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §8.6: an interim answer has no length',
    ['HTTP/1.1 100 Continue', 'Content-Length: 0'],
    ['HTTP/1.1 100 Continue', 'Via: 1.1 me'],
  ],
  [
    'RFC 9112 §6.1: a 204 has neither length nor coding',
    ['HTTP/1.1 204 No Content', 'Date: d', 'Transfer-Encoding: chunked'],
    ['HTTP/1.1 204 No Content', 'Date: d', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §15.4.5: a 304 keeps the length that it tells of',
    ['HTTP/1.1 304 Not Modified', 'Date: d', 'Content-Length: 12'],
    ['HTTP/1.1 304 Not Modified', 'Date: d', 'Content-Length: 12', 'Via: 1.1 me'],
  ],
  [
    'RFC 9112 §6.3: one Content-Length is enough',
    ['HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 3', 'Date: d'],
    ['HTTP/1.1 200 OK', 'Date: d', 'Via: 1.1 me', 'Content-Length: 3'],
  ],
  [
    'RFC 9112 §7: what delimits the body is said anew in its usual spelling',
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked ', 'Date: d'],
    ['HTTP/1.1 200 OK', 'Date: d', 'Via: 1.1 me', 'Transfer-Encoding: chunked'],
  ],
  [
    'RFC 9112 §6.1: but not where it has no place',
    ['HTTP/1.1 204 No Content', 'Content-Length:  3', 'Date: d'],
    ['HTTP/1.1 204 No Content', 'Date: d', 'Via: 1.1 me'],
  ],
  [
    'RFC 9110 §2.5: HTTP/1.0 is passed on as HTTP/1.1',
    ['HTTP/1.0 200 Fine enough', 'Date: d', 'Connection: keep-alive'],
    ['HTTP/1.1 200 Fine enough', 'Date: d', 'Via: 1.1 me'],
  ],
  ['RFC 9110 §2.5: HTTP/1.2 too', ['HTTP/1.2 200 OK', 'Date: d'], ['HTTP/1.1 200 OK', 'Date: d', 'Via: 1.1 me']],
  [
    'RFC 9110 §7.8: a change of protocol is passed on',
    ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'],
    ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Via: 1.1 me', 'Connection: upgrade'],
  ],
];

test.each(answers)('answer: %s', (_, lines, expected) => {
  expect(answer(lines)).toBe(text(...expected));
});

test('RFC 9112 §6.1: a client of HTTP/1.0 is told neither of chunks nor of trailers', () => {
  const lines = ['HTTP/1.1 200 OK', 'Date: d', 'Transfer-Encoding: chunked', 'Trailer: x', 'y: z'];
  expect(answer(lines, { clientMinor: 0 })).toBe(text('HTTP/1.1 200 OK', 'Date: d', 'y: z', 'Via: 1.1 me'));
});

describe('RFC 9112 §9.3: does the connection persist?', () => {
  test.each([
    ['HTTP/1.1', [], true],
    ['HTTP/1.1', ['Connection: close'], false],
    ['HTTP/1.1', ['Connection: Close'], false],
    ['HTTP/1.1', ['Connection: keep-alive'], true],
    ['HTTP/1.1', ['Connection: keep-alive, close'], false],
    ['HTTP/1.1', ['Connection: keep-alive', 'Connection: close'], false],
    ['HTTP/1.1', ['Connection: x-close'], true],
    ['HTTP/1.1', ['Proxy-Connection: close'], true],
    ['HTTP/1.2', [], true],
    ['HTTP/1.0', [], false],
    ['HTTP/1.0', ['Connection: keep-alive'], true],
    ['HTTP/1.0', ['Connection: Keep-Alive, x'], true],
    ['HTTP/1.0', ['Connection: keep-alive, close'], false],
    ['HTTP/1.0', ['Proxy-Connection: keep-alive'], false],
  ])('%s %j: %s', (version, fields, expected) => {
    expect(isPersistent(requestHead(`GET / ${version}`, 'Host: a', ...fields))).toBe(expected);
    const head = answerHead(`${version} 200 OK`, 'Content-Length: 0', ...fields);
    // HTTP/1.0 with keep-alive is for clients: a service that speaks it gets a new connection each time.
    expect(allowsReuse(head)).toBe(expected && version !== 'HTTP/1.0');
  });

  test('not behind an answer that ends with its connection', () => {
    expect(allowsReuse(answerHead('HTTP/1.1 200 OK'))).toBe(false);
  });
});
