/** Who sends byte by byte, or names a thousand things, costs twice as much for twice as many bytes, not four times. */
import { expect, test } from 'vitest';
import { InputBuffer } from '../io/input-buffer.ts';
import { BodyScanner } from './body-scanner.ts';
import { forwardedRequest } from './forwarded-head.ts';
import { COMPLETE, FRAMING, NEED_MORE } from './message-head.ts';
import { RequestHead } from './request-head.ts';

/** Counts how many bytes are looked at, by whatever way. */
class Watched {
  looks = 0;

  bytes(buffer: Buffer): Buffer {
    return new Proxy(buffer, {
      get: (target, key) => {
        if (typeof key === 'string' && /^\d/.test(key)) {
          this.looks++;
          return target[Number(key)];
        }
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          this.looks += bytesTouched(target, String(key), args);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }
}

const bytesTouched = (target: Buffer, method: string, args: unknown[]): number => {
  if (method === 'toString') return ((args[2] as number | undefined) ?? target.length) - ((args[1] as number) ?? 0);
  if (method === 'indexOf') return target.length - ((args[1] as number | undefined) ?? 0);
  return 0;
};

const looksForDripped = (text: string): number => {
  const watched = new Watched();
  const input = new InputBuffer();
  const head = new RequestHead();
  for (const [index, byte] of Buffer.from(text, 'latin1').entries()) {
    head.rebase(input.push(Buffer.of(byte)));
    const progress = head.parse(watched.bytes(input.bytes), input.start, input.end);
    expect(progress).toBe(index === text.length - 1 ? COMPLETE : NEED_MORE);
  }
  return watched.looks;
};

test.each([
  ['one long line', (bytes: number) => `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(bytes)}\r\n\r\n`],
  [
    'a hundred lines',
    (bytes: number) => `GET / HTTP/1.1\r\nHost: a\r\n${`x: ${'y'.repeat(bytes / 99 - 5)}\r\n`.repeat(99)}\r\n`,
  ],
])('a head of 64 KiB that comes byte by byte: %s', (_, build) => {
  const half = looksForDripped(build(32_000));
  const whole = looksForDripped(build(64_000));
  expect(whole / half).toBeLessThan(2.2);
  expect(whole).toBeLessThan(6 * 64_000);
});

test('a long target that comes byte by byte', () => {
  expect(looksForDripped(`GET /${'a'.repeat(16_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toBeLessThan(6 * 16_000);
});

const looksForChunks = (chunk: string, count: number, pieceBytes: number): number => {
  const watched = new Watched();
  const scanner = new BodyScanner();
  scanner.begin(FRAMING.chunked, 0);
  const text = `${chunk.repeat(count)}0\r\n\r\n`;
  for (let at = 0; at < text.length; at += pieceBytes) {
    const piece = Buffer.from(text.slice(at, at + pieceBytes), 'latin1');
    expect(scanner.scan(watched.bytes(piece), 0, piece.length)).toBe(piece.length);
  }
  expect(scanner.done).toBe(true);
  return watched.looks;
};

test.each([
  ['in one piece', Infinity],
  ['byte by byte', 1],
])('a body of chunks of one byte, %s: no byte is looked at twice', (_, pieceBytes) => {
  const chunk = '1\r\nx\r\n';
  expect(looksForChunks(chunk, 5_000, pieceBytes)).toBeLessThanOrEqual(5_000 * chunk.length + 5);
});

test('a body of chunks with extensions: no byte is looked at twice', () => {
  const framing = `400;${'a="b";'.repeat(100)}c\r\n`;
  const chunk = `${framing}${'x'.repeat(1_024)}\r\n`;
  expect(looksForChunks(chunk, 200, 1_000)).toBeLessThanOrEqual(200 * (framing.length + 2) + 5);
});

test('a Connection line that names thousands of fields is read a bounded number of times', () => {
  const looksFor = (bytes: number): number => {
    const fields = Array.from({ length: 90 }, (_, index) => `x-${index}: y\r\n`).join('');
    const text = `GET / HTTP/1.1\r\nHost: a\r\nConnection: ${'x,'.repeat(bytes / 2)}\r\n${fields}\r\n`;
    const watched = new Watched();
    const head = new RequestHead();
    expect(head.parse(watched.bytes(Buffer.from(text, 'latin1')), 0, text.length)).toBe(COMPLETE);
    forwardedRequest(head, { added: '', replaced: 0, authority: '' });
    return watched.looks;
  };
  expect(looksFor(60_000)).toBeLessThan(10 * 60_000);
});
