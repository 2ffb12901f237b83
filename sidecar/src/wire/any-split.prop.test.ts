/** However the network cuts the bytes, the codec says the same of them. Pieces go through the buffer that the connections use. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputBuffer } from '../io/input-buffer.ts';
import { BodyScanner } from './body-scanner.ts';
import { chunkedBodies } from './chunked-bodies.fixture.ts';
import { damaged, damagingText } from './damaged-text.fixture.ts';
import type { WireFault } from './faults.ts';
import { COMPLETE, FAULT, FRAMING, NEED_MORE, STRIDE, type MessageHead, type Progress } from './message-head.ts';
import { RequestHead } from './request-head.ts';
import { requestHeads } from './request-heads.fixture.ts';
import { ResponseHead } from './response-head.ts';
import { responseHeads } from './response-heads.fixture.ts';

/** What came of one message: its head with all places counted from its start, its body, or what was wrong. */
type Outcome = Record<string, unknown> | WireFault;

/** Reads one message after the other as a connection does. */
class Reader {
  readonly outcomes: Outcome[] = [];
  private readonly input = new InputBuffer();
  private readonly body = new BodyScanner();
  private readonly head: MessageHead;
  private readonly parse: (bytes: Buffer, from: number, limit: number) => Progress;
  private inBody = false;
  private text = '';
  private failed = false;

  constructor(kind: 'requests' | 'answers') {
    if (kind === 'requests') {
      const head = new RequestHead();
      this.head = head;
      this.parse = (bytes, from, limit) => head.parse(bytes, from, limit);
    } else {
      const head = new ResponseHead();
      this.head = head;
      this.parse = (bytes, from, limit) => head.parse(bytes, from, limit, false);
    }
  }

  take(piece: string): void {
    if (this.failed) return;
    const moved = this.input.push(Buffer.from(piece, 'latin1'));
    if (!this.inBody) this.head.rebase(moved);
    while (!this.failed && this.input.length > 0 && (this.inBody ? this.takeBody() : this.takeHead()));
  }

  private takeHead(): boolean {
    const { input, head } = this;
    const progress = this.parse(input.bytes, input.start, input.end);
    if (progress === NEED_MORE) return false;
    if (progress === FAULT) return this.fail(head.fault!);
    expect(progress).toBe(COMPLETE);
    this.outcomes.push(describeHead(head));
    input.use(head.end);
    this.body.begin(head.framing, head.contentLength);
    this.inBody = true;
    this.text = '';
    return this.takeBody();
  }

  private takeBody(): boolean {
    const { input, body } = this;
    const { start } = input;
    const end = body.scan(input.bytes, start, input.end);
    this.text += input.bytes.toString('latin1', start, end);
    input.use(end);
    if (body.fault !== null) {
      this.outcomes.push({ body: this.text });
      return this.fail(body.fault);
    }
    if (!body.done) return false;
    this.outcomes.push({ body: this.text });
    this.inBody = false;
    this.head.reset();
    return true;
  }

  private fail(fault: WireFault): boolean {
    this.failed = true;
    this.outcomes.push(fault);
    return false;
  }
}

const describeHead = (head: MessageHead): Outcome => {
  const { start, bytes } = head;
  const places = Array.from(head.fields.subarray(0, head.count * STRIDE), (value, index) =>
    index % STRIDE === STRIDE - 1 ? value : value - start,
  );
  const { minor, count, seen, repeated, framing, contentLength } = head;
  const own =
    head instanceof RequestHead
      ? {
          method: head.method,
          form: head.form,
          target: bytes.toString('latin1', head.targetStart, head.targetEnd),
          path: bytes.toString('latin1', head.pathStart, head.targetEnd),
          authority: head.form === 'absolute' && bytes.toString('latin1', head.authorityStart, head.pathStart),
          expectsContinue: head.expectsContinue,
          upgrades: head.upgrades,
          maxForwards: head.maxForwards,
        }
      : { status: (head as ResponseHead).status };
  const text = bytes.toString('latin1', start, head.end);
  const fieldsStart = head.fieldsStart - start;
  return { text, fieldsStart, places, minor, count, seen, repeated, framing, contentLength, ...own };
};

const read = (kind: 'requests' | 'answers', pieces: readonly string[]): Outcome[] => {
  const reader = new Reader(kind);
  for (const piece of pieces) reader.take(piece);
  return reader.outcomes;
};

const cut = (text: string, places: readonly number[]): string[] => {
  const sorted = [0, ...places.toSorted((a, b) => a - b), text.length];
  return sorted
    .slice(1)
    .map((end, index) => text.slice(sorted[index], end))
    .filter((piece) => piece !== '');
};

/** Every two-piece split of a short text; of a long one those around its ends and its limits, and some between. */
function* splits(text: string): Generator<number> {
  const step = text.length <= 400 ? 1 : Math.ceil(text.length / 20);
  for (let place = 1; place < text.length; place++) {
    if (place % step === 0 || place < 30 || text.length - place < 30) yield place;
  }
}

const expectSameForEverySplit = (kind: 'requests' | 'answers', text: string): void => {
  const whole = read(kind, [text]);
  expect(whole.length).toBeGreaterThan(0);
  expect(read(kind, Array.from(text))).toEqual(whole);
  for (const place of splits(text)) {
    const pieces = cut(text, [place]);
    expect(read(kind, pieces), `split at ${place}`).toEqual(whole);
  }
};

const CHUNKED_POST = 'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const CHUNKED_ANSWER = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
/** How the examples are named that break two rules in one line. */
const WRONG_TOO = 'that is wrong too';
const FOLLOWER = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';

describe('one piece, byte by byte and every two pieces give the same', () => {
  test.each(requestHeads.filter(([name]) => !name.endsWith(WRONG_TOO)))('request: %s', (_, text) => {
    expectSameForEverySplit('requests', text);
  });
  test.each(responseHeads)('answer: %s', (_, text) => {
    expectSameForEverySplit('answers', text);
  });
  test.each(chunkedBodies)('chunked body of a request with another behind it: %s', (_, text, fault) => {
    expectSameForEverySplit('requests', CHUNKED_POST + text + FOLLOWER);
    const outcomes = read('requests', [CHUNKED_POST + text + FOLLOWER]);
    expect(outcomes).toHaveLength(fault === null ? 4 : 3);
    if (fault === null) expect(outcomes[1]).toEqual({ body: text });
  });
});

test.each(requestHeads.filter(([name]) => name.endsWith(WRONG_TOO)))(
  'what is wrong in a line may be told before its length is known: %s',
  (_, text) => {
    const whole = read('requests', [text]);
    expect(read('requests', Array.from(text))).toEqual(whole);
    for (const place of splits(text)) {
      const [first, rest] = cut(text, [place]) as [string, string];
      const early = read('requests', [first]);
      expect(read('requests', [first, rest])).toEqual(early.length > 0 ? early : whole);
    }
  },
);

test('pipelined requests are the same requests one by one, cut anywhere', () => {
  const messages = [
    ...requestHeads.filter(([, text, fault]) => fault === null && text.length < 1_000).map(([, text]) => text),
    'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\nGET / HTTP/1.',
    ...chunkedBodies
      .filter(([, text, fault]) => fault === null && text.length < 1_000)
      .map(([, text]) => CHUNKED_POST + text),
  ];
  // A head of the table that announces a body gets one.
  const bodied = messages.map((text) => {
    const [head, body] = read('requests', [text]) as [{ framing: number; contentLength: number }, unknown];
    if (body !== undefined) return text;
    return head.framing === FRAMING.chunked ? `${text}0\r\n\r\n` : text + 'b'.repeat(head.contentLength);
  });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...bodied), { minLength: 2, maxLength: 6 }),
      fc.array(fc.nat(2_000), { maxLength: 12 }),
      fc.boolean(),
      (some, places, atEnds) => {
        const text = some.join('');
        // Cuts just after the end of a message leave a bit of the next one in a buffer that has to grow.
        const ends = atEnds ? some.map((_, index) => some.slice(0, index + 1).join('').length + 3) : [];
        const pieces = cut(
          text,
          [...places, ...ends].map((place) => place % text.length),
        );
        const alone = some.flatMap((each) => read('requests', [each]));
        expect(read('requests', pieces)).toEqual(alone);
        for (const outcome of alone) expect(outcome).not.toHaveProperty('refusal');
      },
    ),
    { numRuns: 400 },
  );
});

const damages = fc.array(fc.record({ place: fc.nat(), drop: fc.nat(2), put: fc.constantFrom('', ...damagingText) }), {
  maxLength: 3,
});

test.each([
  ['requests', requestHeads.map(([, text]) => text)],
  ['requests', chunkedBodies.map(([, text]) => CHUNKED_POST + text)],
  ['answers', responseHeads.map(([, text]) => text)],
  ['answers', chunkedBodies.map(([, text]) => CHUNKED_ANSWER + text)],
] as const)('damaged %s give the same in any number of pieces', (kind, texts) => {
  const short = texts.filter((text) => text.length < 1_000);
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...short), damages, fc.array(fc.nat(), { maxLength: 8 }), (message, edits, places) => {
      // A line is judged for sure when it has ended: so all do.
      const text = `${damaged(message, edits)}\r\n\r\n\r\n`;
      const whole = read(kind, [text]);
      if ('refusal' in (whole.at(-1) ?? {})) refused++;
      expect(
        read(
          kind,
          cut(
            text,
            places.map((place) => place % text.length),
          ),
        ),
      ).toEqual(whole);
      expect(read(kind, Array.from(text))).toEqual(whole);
    }),
    { numRuns: 700 },
  );
  expect(refused).toBeGreaterThan(50);
});
