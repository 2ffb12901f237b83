import { describe, expect, test } from 'vitest';
import { BodyScanner } from './body-scanner.ts';
import { chunkedBodies } from './chunked-bodies.fixture.ts';
import { faults } from './faults.ts';
import { FRAMING, type Framing } from './message-head.ts';

const body = (framing: Framing, length = 0) => {
  const scanner = new BodyScanner();
  scanner.begin(framing, length);
  return {
    scanner,
    /** How many of these bytes belong to the body. */
    take: (text: string): number => scanner.scan(Buffer.from(text, 'latin1'), 0, text.length),
  };
};

test.each(chunkedBodies)('%s', (_, text, fault) => {
  const { scanner, take } = body(FRAMING.chunked);
  const taken = take(`${text}GET`);
  expect(scanner.fault).toBe(fault === null ? null : faults[fault]);
  expect(scanner.done).toBe(fault === null);
  if (fault === null) expect(taken).toBe(text.length);
});

const notBehind =
  'authorization cache-control connection content-encoding content-length content-range content-type cookie expect host keep-alive max-forwards ' +
  'proxy-authenticate proxy-authorization proxy-connection range set-cookie te trailer transfer-encoding upgrade via www-authenticate';
test.each(notBehind.split(' '))('RFC 9110 §6.5.1: %s may not come behind the body', (name) => {
  const { scanner, take } = body(FRAMING.chunked);
  take(`0\r\n${name}: x\r\n\r\n`);
  expect(scanner.fault).toBe(faults.trailer);
});

test('RFC 9112 §7.1.1: extensions that outweigh the data by more than 16 KiB in all', () => {
  const chunk = `1;${'x'.repeat(1_000)}\r\ny\r\n`;
  const { scanner, take } = body(FRAMING.chunked);
  take(chunk.repeat(16));
  expect(scanner.fault).toBe(null);
  take(chunk);
  expect(scanner.fault).toBe(faults.chunkExtension);
});

test('RFC 9112 §7.1.1: a signature on each of many chunks of data is no burden', () => {
  const { scanner, take } = body(FRAMING.chunked);
  take(`400;chunk-signature=${'0'.repeat(64)}\r\n${'x'.repeat(1_024)}\r\n`.repeat(1_000));
  take('0\r\n\r\n');
  expect([scanner.fault, scanner.done]).toEqual([null, true]);
});

test('the data of chunks is told without the framing around it', () => {
  const { scanner, take } = body(FRAMING.chunked);
  let data = '';
  scanner.onData = (bytes, start, end) => {
    data += bytes.toString('latin1', start, end);
  };
  for (const piece of ['4\r', '\nab', 'cd\r\n1', '0;x="9"\r\n0123', '456789abcdef\r\n0\r', '\nx: y\r\n\r\n'])
    take(piece);
  expect([scanner.done, data]).toEqual([true, 'abcd0123456789abcdef']);
});

test('a scanner serves one body after the other, whatever became of the one before', () => {
  const { scanner, take } = body(FRAMING.chunked);
  take('1;a="');
  scanner.begin(FRAMING.chunked, 0);
  take('x');
  expect(scanner.fault).toBe(faults.chunkSize);
  scanner.begin(FRAMING.chunked, 0);
  expect([scanner.fault, scanner.done]).toEqual([null, false]);
  expect(take('0\r\n\r\n')).toBe(5);
  expect(scanner.done).toBe(true);
});

describe('RFC 9112 §6.3: of the bytes that come, the body takes', () => {
  test('as many as its length', () => {
    const { scanner, take } = body(FRAMING.length, 5);
    expect([take('abc'), scanner.done, scanner.outstanding]).toEqual([3, false, 2]);
    expect([take('defg'), scanner.done, scanner.outstanding]).toEqual([2, true, 0]);
    expect(take('hi')).toBe(0);
  });

  test('all, when it ends with the connection', () => {
    const { scanner, take } = body(FRAMING.close);
    expect([take('abc'), scanner.done, scanner.outstanding]).toEqual([3, false, Infinity]);
  });

  test('none, when there is no body', () => {
    const { scanner, take } = body(FRAMING.none);
    expect([take('abc'), scanner.done, scanner.outstanding]).toEqual([0, true, 0]);
  });

  test('up to the end of its chunks', () => {
    const { scanner, take } = body(FRAMING.chunked);
    expect([take('1\r\n'), scanner.done, scanner.outstanding]).toEqual([3, false, Infinity]);
    expect([take('x\r\n0\r\n\r\nGET'), scanner.done, scanner.outstanding]).toEqual([8, true, 0]);
  });
});
