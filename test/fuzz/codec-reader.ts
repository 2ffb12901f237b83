import { InputBuffer } from '@fusebox/sidecar/io/input-buffer.ts';
import { BodyScanner } from '@fusebox/sidecar/wire/body-scanner.ts';
import type { WireFault } from '@fusebox/sidecar/wire/faults.ts';
import { FIELD } from '@fusebox/sidecar/wire/known-fields.ts';
import {
  FAULT,
  FRAMING,
  NEED_MORE,
  STRIDE,
  type MessageHead,
  type Progress,
} from '@fusebox/sidecar/wire/message-head.ts';

/** The fields whose presence changes what the codec does with a message. */
const DECISIVE = [
  FIELD.host,
  FIELD.contentLength,
  FIELD.transferEncoding,
  FIELD.connection,
  FIELD.te,
  FIELD.upgrade,
  FIELD.expect,
  FIELD.maxForwards,
].reduce((bits, id) => bits | (1 << id), 0);

export interface ReaderOptions<H extends MessageHead> {
  readonly head: H;
  readonly parse: (bytes: Buffer, from: number, limit: number) => Progress;
  /** Adds the numbers that only this kind of head has; places in the bytes get `base` added. */
  readonly describe: (said: number[], base: number) => void;
}

/** Told of every message: its head when that is complete, and its body when that is. */
export interface ReaderEvents {
  head(): void;
  body(): void;
}

/**
 * Reads a connection's messages with the codec, as the connections do, and writes down all it says as numbers, with places
 * counted from the stream's first byte: so what it says of two splits of one stream can be compared.
 */
export class CodecReader<H extends MessageHead> {
  readonly said: number[] = [];
  /** Where the data of the present body lies: pairs of start and end; runs that touch are one. */
  readonly data: number[] = [];
  fault: WireFault | null = null;
  /** Stream position of the first byte that was not used. */
  used = 0;
  inBody = false;
  readonly head: H;
  private readonly options: ReaderOptions<H>;
  private readonly body = new BodyScanner();
  private input = new InputBuffer();
  private events: ReaderEvents | null = null;
  /** Stream position of `input.bytes[0]`. */
  private base = 0;
  private readonly chunk = (_bytes: Buffer, start: number, end: number): void => this.sayData(start, end);

  constructor(options: ReaderOptions<H>) {
    this.options = options;
    this.head = options.head;
  }

  /** Begins a new stream. */
  begin(events: ReaderEvents | null): void {
    this.events = events;
    this.said.length = this.data.length = 0;
    this.fault = null;
    this.used = this.base = 0;
    this.inBody = false;
    this.input = new InputBuffer();
    this.head.reset();
  }

  take(piece: Buffer): void {
    if (this.fault !== null) return;
    const { input } = this;
    const moved = input.push(piece);
    this.base -= moved;
    if (!this.inBody) this.head.rebase(moved);
    while (this.fault === null && input.length > 0 && (this.inBody ? this.takeBody() : this.takeHead()));
  }

  /** A number for what the reader was in the middle of when it stopped, and what it said: equal for equal behaviour. */
  signature(): number {
    const { head, inBody, fault } = this;
    const scanner = inBody ? this.body['chunked']['state'] : -1;
    const detail = fault === null ? 0 : fault.detail.length * 131 + fault.detail.charCodeAt(fault.detail.length >> 1);
    let hash = 0;
    for (const part of [scanner, detail, head.framing, head.minor, Math.min(head.count, 6), head.plainFraming ? 1 : 0])
      hash = (Math.imul(hash, 31) + part) | 0;
    return (Math.imul(hash, 0x01000193) ^ (head.seen & DECISIVE) ^ ((head.repeated & DECISIVE) << 4)) | 0;
  }

  private use(at: number): void {
    this.used = this.base + at;
    this.input.use(at);
    if (this.input.length === 0) this.base = this.used;
  }

  private takeHead(): boolean {
    const { input, head } = this;
    const progress = this.options.parse(input.bytes, input.start, input.end);
    if (progress === NEED_MORE) return false;
    if (progress === FAULT) {
      this.fault = head.fault!;
      return false;
    }
    this.sayHead();
    this.events?.head();
    this.use(head.end);
    this.body.begin(head.framing, head.contentLength);
    this.data.length = 0;
    this.body.onData = this.chunk;
    this.inBody = true;
    return this.takeBody();
  }

  private sayHead(): void {
    const { head, said, base } = this;
    const { start, end, minor, count, seen, repeated, framing, contentLength, fields } = head;
    said.push(base + start, base + end, base + head.fieldsStart, minor, count, seen, repeated, framing, contentLength);
    for (let at = 0; at < count * STRIDE; at++)
      said.push(at % STRIDE === STRIDE - 1 ? fields[at]! : base + fields[at]!);
    this.options.describe(said, base);
  }

  private sayData(start: number, end: number): void {
    const { data, base } = this;
    if (data.length > 0 && data.at(-1) === base + start) data[data.length - 1] = base + end;
    else data.push(base + start, base + end);
  }

  private takeBody(): boolean {
    const { input, body } = this;
    const { start } = input;
    const end = body.scan(input.bytes, start, input.end);
    if (this.head.framing !== FRAMING.chunked && end > start) this.sayData(start, end);
    this.use(end);
    if (body.fault === null && !body.done) return false;
    for (const place of this.data) this.said.push(place);
    this.said.push(this.used);
    this.fault = body.fault;
    if (this.fault !== null) return false;
    this.events?.body();
    this.inBody = false;
    this.head.reset();
    return true;
  }
}
