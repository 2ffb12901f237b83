/** The codec beside the grammar of RFC 9112, written down once more in another way: what one accepts or refuses, the other does too. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyScanner } from './body-scanner.ts';
import { chunkedBodies } from './chunked-bodies.fixture.ts';
import { damaged, damagingText } from './damaged-text.fixture.ts';
import { COMPLETE, FRAMING, type MessageHead } from './message-head.ts';
import { readAnswer, readChunked, readRequest } from './reference-parser.fixture.ts';
import { RequestHead } from './request-head.ts';
import { requestHeads, type HeadCase } from './request-heads.fixture.ts';
import { ResponseHead } from './response-head.ts';
import { responseHeads } from './response-heads.fixture.ts';

const damages = fc.array(fc.record({ place: fc.nat(), drop: fc.nat(2), put: fc.constantFrom('', ...damagingText) }), {
  maxLength: 3,
});
/** Mostly texts without a fault, for those it takes more to break. */
const textsOf = (cases: readonly HeadCase[]): fc.Arbitrary<string> => {
  const short = cases.filter(([, text]) => text.length < 1_000);
  const good = short.filter(([, , fault]) => fault === null);
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...good.map(([, text]) => text)) },
    { weight: 1, arbitrary: fc.constantFrom(...short.map(([, text]) => text)) },
  );
};

const fieldsOf = (head: MessageHead): [string, string][] =>
  Array.from({ length: head.count }, (_, index) => [head.nameAt(index), head.valueAt(index)]);

const bodyOf = (head: MessageHead): 'chunked' | 'close' | number => {
  if (head.framing === FRAMING.chunked) return 'chunked';
  return head.framing === FRAMING.close ? 'close' : head.framing === FRAMING.length ? head.contentLength : 0;
};

test('a request is accepted, or refused with this status, exactly as the grammar says', () => {
  const seen = new Map<number, number>();
  fc.assert(
    fc.property(textsOf(requestHeads), damages, (message, edits) => {
      const text = `${damaged(message, edits)}\r\n\r\n`;
      const expected = readRequest(text);
      const head = new RequestHead();
      const progress = head.parse(Buffer.from(text, 'latin1'), 0, text.length);
      const status = head.fault?.refusal.status ?? 0;
      seen.set(status, (seen.get(status) ?? 0) + 1);
      if (typeof expected === 'number') {
        expect(status).toBe(expected);
        return;
      }
      expect([progress, head.fault]).toEqual([COMPLETE, null]);
      const { method, minor, end } = head;
      const target = head.bytes.toString('latin1', head.targetStart, head.targetEnd);
      expect({ method, target, minor, end, framing: bodyOf(head) }).toEqual({
        method: expected.method,
        target: expected.target,
        minor: expected.minor,
        end: expected.end,
        framing: expected.framing,
      });
      expect(fieldsOf(head)).toEqual(expected.fields.map(({ name, value }) => [name, value]));
    }),
    { numRuns: 8_000 },
  );
  for (const status of [0, 400, 501, 505, 405, 417]) expect(seen.get(status) ?? 0, String(status)).toBeGreaterThan(0);
});

test('an answer is accepted exactly where the grammar accepts it', () => {
  let refused = 0;
  fc.assert(
    fc.property(textsOf(responseHeads), damages, (message, edits) => {
      const text = `${damaged(message, edits)}\r\n\r\n`;
      const expected = readAnswer(text);
      const head = new ResponseHead();
      const progress = head.parse(Buffer.from(text, 'latin1'), 0, text.length, false);
      if (expected === null) {
        refused++;
        expect(head.fault).not.toBeNull();
        return;
      }
      expect([progress, head.fault]).toEqual([COMPLETE, null]);
      const { status, minor, end } = head;
      expect({ status, minor, end, framing: bodyOf(head) }).toEqual({
        status: expected.status,
        minor: expected.minor,
        end: expected.end,
        framing: expected.framing,
      });
      expect(fieldsOf(head)).toEqual(expected.fields.map(({ name, value }) => [name, value]));
    }),
    { numRuns: 5_000 },
  );
  expect(refused).toBeGreaterThan(250);
  expect(refused).toBeLessThan(4_000);
});

test('a chunked body is whole exactly where the grammar says, and its data is the same', () => {
  let whole = 0;
  fc.assert(
    fc.property(textsOf(chunkedBodies), damages, (message, edits) => {
      const text = `${damaged(message, edits)}GET`;
      const expected = readChunked(text);
      const scanner = new BodyScanner();
      scanner.begin(FRAMING.chunked, 0);
      let data = '';
      scanner.onData = (bytes, start, end) => {
        data += bytes.toString('latin1', start, end);
      };
      const end = scanner.scan(Buffer.from(text, 'latin1'), 0, text.length);
      expect(scanner.done).toBe(expected !== null);
      if (expected === null) return;
      whole++;
      expect(scanner.fault).toBeNull();
      expect({ data, end }).toEqual(expected);
    }),
    { numRuns: 8_000 },
  );
  expect(whole).toBeGreaterThan(250);
});
