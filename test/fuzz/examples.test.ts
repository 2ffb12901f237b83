/** What `make fuzz` has found, each as small as it could be made, and how it is now. */
import { expect, test } from 'vitest';
import type { CodecCase } from './codec-case.ts';
import type { ExchangeCase } from './exchange-case.ts';
import { checkCodec, checkExchange } from './fuzz.ts';

const codec = (each: CodecCase): void => expect(() => checkCodec(each)).not.toThrow();
const exchange = (each: ExchangeCase): void => expect(() => checkExchange(each)).not.toThrow();

const atOnce = { world: 0, stall: null, maxBodyBytes: null } as const;

test('a client that half-closes during an answer without a length gets a reset, not an end', () =>
  exchange({
    ...atOnce,
    client: [{ text: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', afterMs: 0 }],
    clientThen: 'end',
    scripts: [{ at: 'whole', pieces: [{ text: 'HTTP/1.1 200 OK\r\n\r\nhalf', afterMs: 0 }], last: 'stay' }],
  }));

test('a request whose answer has begun is not sent again', () =>
  exchange({
    ...atOnce,
    client: [{ text: 'GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n', afterMs: 0 }],
    clientThen: 'stay',
    scripts: [
      { at: 'whole', pieces: [{ text: 'HTTP/1.1 204 N\r\n\r\n', afterMs: 0 }], last: 'stay' },
      { at: 'whole', pieces: [{ text: 'H', afterMs: 0 }], last: 'reset' },
      { at: 'whole', pieces: [{ text: 'HTTP/1.1 204 N\r\n\r\n', afterMs: 0 }], last: 'stay' },
    ],
  }));

test('two bodies of the same length, announced twice', () =>
  codec({
    kind: 'requests',
    text: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\ncontent-length: 01\r\n\r\nxGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    pieces: [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\ncontent-length: 0',
      '1\r\n\r',
      '\nxGET',
      ' / HTTP/1.1\r\nHost: a\r\n\r\n',
    ],
  }));
