/** One case of the codec's fuzzing: a stream of bytes, what the grammar says of it, and what the codec says of it in any split. */
import { forwardedAnswer, forwardedRequest } from '@fusebox/sidecar/wire/forwarded-head.ts';
import { readAnswer, readChunked, readRequest } from '@fusebox/sidecar/wire/reference-parser.fixture.ts';
import { RequestHead } from '@fusebox/sidecar/wire/request-head.ts';
import { ResponseHead } from '@fusebox/sidecar/wire/response-head.ts';
import { FRAMING, type MessageHead } from '@fusebox/sidecar/wire/message-head.ts';
import { Disagreement, must } from './disagreement.ts';
import { CodecReader, type ReaderEvents } from './codec-reader.ts';

type StreamKind = 'requests' | 'answers';

export interface CodecCase {
  readonly kind: StreamKind;
  /** The stream, latin1. */
  readonly text: string;
  /** The same, cut. */
  readonly pieces: readonly string[];
}

const EMPTY_LINE = '\r\n\r\n';
const LINE_ENDS = Buffer.from('\r\n\r\n\r\n');
/** What is added to a head must not take it over the limit of fields, which the grammar has too. */
const ROOM_FOR_MORE = 90;
const ADDED = { added: 'Via: 1.1 me\r\n', replaced: 0, authority: 'service' };

interface ReferenceMessage {
  readonly minor: number;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly end: number;
  readonly framing: 'chunked' | 'close' | number;
}

const framingOf = (head: MessageHead): 'chunked' | 'close' | number => {
  if (head.framing === FRAMING.chunked) return 'chunked';
  return head.framing === FRAMING.close ? 'close' : head.framing === FRAMING.length ? head.contentLength : 0;
};

/** Follows the codec through a stream, and asks the grammar the same questions. */
abstract class Follower<H extends MessageHead> implements ReaderEvents {
  readonly whole: CodecReader<H>;
  readonly split: CodecReader<H>;
  private text = '';
  /** Where the present message begins, and where its body does. */
  private from = 0;
  private bodyFrom = 0;
  private framing: ReferenceMessage['framing'] = 0;

  constructor(whole: CodecReader<H>, split: CodecReader<H>) {
    this.whole = whole;
    this.split = split;
  }

  /** The status of the refusal, or the message. */
  protected abstract ask(text: string): number | ReferenceMessage;
  protected abstract compare(head: H, message: ReferenceMessage): void;
  protected abstract forward(head: H, message: ReferenceMessage): void;

  /** A number for how the codec behaved. @throws Disagreement when codec and grammar, or two splits, differ. */
  check({ text, pieces }: CodecCase): number {
    this.text = text;
    this.from = 0;
    const { whole, split } = this;
    whole.begin(this);
    whole.take(Buffer.from(text, 'latin1'));
    if (!whole.inBody) this.checkHeadEnd();
    else if (this.framing === 'chunked')
      must(readChunked(text.slice(this.bodyFrom)) === null, 'a whole body is not done');
    else if (this.framing !== 'close')
      must(text.length - this.bodyFrom < this.framing, 'a body of a length is not done');
    split.begin(null);
    for (const piece of pieces) split.take(Buffer.from(piece, 'latin1'));
    // A line is judged for sure when it has ended.
    if (whole.fault !== null && split.fault === null) split.take(LINE_ENDS);
    must(
      split.fault === whole.fault,
      `in pieces: ${split.fault?.detail ?? 'no fault'}; whole: ${whole.fault?.detail ?? 'none'}`,
    );
    must(split.used === whole.used || whole.fault !== null, 'in pieces it stops at another place');
    must(same(split.said, whole.said), 'in pieces it says something else');
    return whole.signature();
  }

  /** The stream ended in or before a head. */
  private checkHeadEnd(): void {
    const rest = this.text.slice(this.from);
    const { fault } = this.whole;
    const isWhole = rest.indexOf(EMPTY_LINE, rest.startsWith('\r\n') ? 2 : 0) >= 0;
    if (!isWhole && fault === null) return;
    const expected = this.ask(isWhole ? rest : `${rest}${EMPTY_LINE}`);
    if (typeof expected !== 'number') throw new Disagreement(`refused: ${fault?.detail ?? 'not at all, nor accepted'}`);
    must(fault !== null, `the grammar refuses with ${expected}`);
    if (isWhole) must(this.isStatus(expected), `refused with ${fault.refusal.status}, by the grammar ${expected}`);
  }

  private isStatus(expected: number): boolean {
    return expected === ANY_STATUS || this.whole.fault!.refusal.status === expected;
  }

  head(): void {
    const { head } = this.whole;
    const message = this.ask(this.text.slice(this.from));
    if (typeof message === 'number') throw new Disagreement(`accepted, by the grammar ${message}`);
    const fields = message.fields;
    must(head.count === fields.length, `${head.count} fields, by the grammar ${fields.length}`);
    for (const [index, { name, value }] of fields.entries()) {
      must(head.nameAt(index) === name && head.valueAt(index) === value, `field ${index} is "${head.nameAt(index)}"`);
    }
    must(head.minor === message.minor, `minor version ${head.minor}`);
    must(framingOf(head) === message.framing, `framing ${framingOf(head)}, by the grammar ${message.framing}`);
    this.compare(head, message);
    if (head.count < ROOM_FOR_MORE) this.forward(head, message);
    this.bodyFrom = this.from + message.end;
    this.framing = message.framing;
  }

  body(): void {
    const { used, data } = this.whole;
    let end = this.bodyFrom;
    if (this.framing === 'chunked') {
      const body = readChunked(this.text.slice(end));
      if (body === null) throw new Disagreement('a chunked body is done that the grammar does not accept');
      let found = '';
      for (let at = 0; at < data.length; at += 2) found += this.text.slice(data[at], data[at + 1]);
      must(found === body.data, 'the data of the chunks differs');
      end += body.end;
    } else if (this.framing !== 'close') end += this.framing;
    must(used === end, `the body ends at ${used}, by the grammar at ${end}`);
    this.from = end;
  }
}

const ANY_STATUS = -1;

const same = (one: readonly number[], other: readonly number[]): boolean => {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
};

const requestReader = (): CodecReader<RequestHead> => {
  const head = new RequestHead();
  return new CodecReader({
    head,
    parse: (bytes, from, limit) => head.parse(bytes, from, limit),
    describe(said, base) {
      const { methodEnd, targetStart, targetEnd, pathStart, authorityStart, form } = head;
      said.push(base + methodEnd, base + targetStart, base + targetEnd, base + pathStart);
      said.push(form === 'absolute' ? base + authorityStart : form.length);
      said.push(head.maxForwards, head.upgrades ? 1 : 0, head.expectsContinue ? 1 : 0);
    },
  });
};

class RequestFollower extends Follower<RequestHead> {
  constructor() {
    super(requestReader(), requestReader());
  }

  protected override ask(text: string): number | (ReferenceMessage & { method: string; target: string }) {
    return readRequest(text);
  }

  protected override compare(head: RequestHead, message: ReferenceMessage & { method: string; target: string }): void {
    must(head.method === message.method, `method ${head.method}`);
    must(head.bytes.toString('latin1', head.targetStart, head.targetEnd) === message.target, 'the target differs');
  }

  /** What is passed on is a request by the grammar, and the same one. */
  protected override forward(head: RequestHead, message: ReferenceMessage & { method: string; target: string }): void {
    const forwarded = forwardedRequest(head, ADDED);
    const after = readRequest(forwarded);
    if (typeof after === 'number')
      throw new Disagreement(`forwarded as what the grammar refuses with ${after}: ${forwarded}`);
    const [, authority, path] = /^https?:\/\/([^/?]*)(.*)$/i.exec(message.target) ?? [];
    const asterisk = path === '' && message.method === 'OPTIONS';
    const target = path === undefined ? message.target : asterisk ? '*' : path.replace(/^(?!\/)/, '/');
    const host = authority ?? message.fields.find(({ name }) => name === 'host')?.value ?? ADDED.authority;
    must(after.end === forwarded.length, 'forwarded with something behind its head');
    must(after.method === message.method && after.target === target, `forwarded as ${after.method} ${after.target}`);
    must(after.framing === message.framing && after.minor === 1, `forwarded with framing ${after.framing}`);
    must(after.fields.find(({ name }) => name === 'host')?.value === host, 'forwarded with another host');
  }
}

const answerReader = (): CodecReader<ResponseHead> => {
  const head = new ResponseHead();
  return new CodecReader({
    head,
    parse: (bytes, from, limit) => head.parse(bytes, from, limit, false),
    describe: (said) => void said.push(head.status),
  });
};

class AnswerFollower extends Follower<ResponseHead> {
  constructor() {
    super(answerReader(), answerReader());
  }

  protected override ask(text: string): number | (ReferenceMessage & { status: number }) {
    return readAnswer(text) ?? ANY_STATUS;
  }

  protected override compare(head: ResponseHead, message: ReferenceMessage & { status: number }): void {
    must(head.status === message.status, `status ${head.status}`);
  }

  protected override forward(head: ResponseHead, message: ReferenceMessage & { status: number }): void {
    const forwarded = forwardedAnswer(head, { added: 'Via: 1.1 me\r\n', clientMinor: 1, date: 'now' });
    const after = readAnswer(forwarded);
    if (after === null) throw new Disagreement(`forwarded as what the grammar refuses: ${forwarded}`);
    must(after.end === forwarded.length, 'forwarded with something behind its head');
    must(after.status === message.status && after.minor === 1, `forwarded with status ${after.status}`);
    must(after.framing === message.framing, `forwarded with framing ${after.framing}`);
  }
}

/** Checks cases one after the other with the same codec objects, as a connection does with its messages. */
export class CodecCheck {
  private readonly requests = new RequestFollower();
  private readonly answers = new AnswerFollower();

  /** A number for how the codec behaved. @throws Disagreement */
  check(each: CodecCase): number {
    return each.kind === 'requests' ? this.requests.check(each) : this.answers.check(each);
  }
}
