import type { Alarm, ClientSide, Exchange } from '../exchange.ts';
import type { RequestHandler } from '../handlers.ts';
import { refusals } from '../refusals.ts';
import { BodyScanner } from '../wire/body-scanner.ts';
import type { WireFault } from '../wire/faults.ts';
import { isPersistent } from '../wire/forwarded-head.ts';
import { FAULT, NEED_MORE } from '../wire/message-head.ts';
import { RequestHead } from '../wire/request-head.ts';
import type { ByteStream } from './byte-stream.ts';
import { InputBuffer } from './input-buffer.ts';

/** Deadlines of a client's connection (ms). */
export const HEAD_MS = 10_000;
export const BODY_STALL_MS = 30_000;
export const KEEP_ALIVE_MS = 60_000;
const LINGER_MS = 2_000;
/** Of a refused request's body as much is read and thrown away to keep the connection (bytes). */
const MAX_DISCARD_BYTES = 65_536;
/** Unused input beyond this stops the reading (bytes). */
const MAX_INPUT_BYTES = 65_536;

export interface ClientOptions {
  readonly handler: RequestHandler;
  readonly nowMs: () => number;
  /** Makes an alarm of the timer wheel. */
  readonly alarm: (ring: () => void) => Alarm;
  /** The listener forgets it. */
  readonly closed: (connection: ClientConnection) => void;
}

/** Where in its stream of requests a connection is. */
const HEAD = 0;
/** A request's body is still coming. */
const BODY = 1;
/** The request has come whole; its answer is awaited. */
const ANSWER = 2;
/** The rest of a body that nobody wants. */
const DISCARD = 3;
/** All was said; what still comes is thrown away until the client closes, or a reset would destroy the answer on its way. */
const LINGER = 4;
const CLOSED = 5;

/** One client's connection: requests one after the other, each answered before the next is looked at (RFC 9112 §9.3.2). */
export class ClientConnection implements ClientSide {
  readonly address: string;
  readonly alarm: Alarm;
  private readonly stream: ByteStream;
  private readonly options: ClientOptions;
  private readonly input = new InputBuffer();
  private readonly head = new RequestHead();
  private readonly body = new BodyScanner();
  /** For the client's own slowness. */
  private readonly deadline: Alarm;
  private phase = HEAD;
  private exchange: Exchange | null = null;
  private discarded = 0;
  private reading = true;
  private working = false;
  private persistent = true;
  /** Bytes of the next head have come. */
  private headBegun = false;

  constructor(stream: ByteStream, options: ClientOptions) {
    this.stream = stream;
    this.options = options;
    this.address = stream.remoteAddress ?? '';
    this.alarm = options.alarm(() => {
      if (this.exchange !== null) options.handler.alarm(this.exchange);
    });
    this.deadline = options.alarm(() => this.tooSlow());
    this.deadline.set(options.nowMs() + HEAD_MS);
    stream.on('data', (bytes) => this.received(bytes));
    stream.on('drain', () => this.drained());
    // While it lingers the client is expected to end: what was written may still be on its way.
    stream.on('end', () => {
      if (this.phase !== LINGER) this.gone();
    });
    stream.on('error', () => this.gone());
    stream.on('close', () => this.gone());
  }

  /** No request is under way. */
  get isIdle(): boolean {
    return this.phase === HEAD && this.input.length === 0;
  }

  get requestComplete(): boolean {
    return this.phase === ANSWER;
  }

  get persists(): boolean {
    return (
      this.persistent && this.phase !== LINGER && this.body.fault === null && this.outstanding <= MAX_DISCARD_BYTES
    );
  }

  /** Bytes of the body that nobody has seen. A client that awaits a 100 will not send them, or may: nobody can tell. */
  private get outstanding(): number {
    if (this.phase !== BODY) return 0;
    if (this.head.expectsContinue) return Infinity;
    const outstanding = this.body.outstanding;
    return outstanding === Infinity ? 0 : outstanding;
  }

  takeBody(): Buffer | null {
    if (this.phase !== BODY) return null;
    const { input, body } = this;
    const { bytes, start } = input;
    const end = body.scan(bytes, start, input.end);
    input.use(end);
    if (body.fault !== null) {
      this.refuseBody(body.fault);
      return null;
    }
    if (body.done) {
      this.phase = ANSWER;
      this.deadline.clear();
    }
    if (!this.reading && this.input.length < MAX_INPUT_BYTES) this.resumeReading();
    if (end === start) return null;
    this.exchange!.bytesIn += end - start;
    return bytes.subarray(start, end);
  }

  resumeReading(): void {
    if (this.reading || this.phase === CLOSED) return;
    this.reading = true;
    this.stream.resume();
    if (this.phase === BODY) this.watchBody();
  }

  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.stream.write(data, 'latin1') : this.stream.write(data);
  }

  answered(persist: boolean): void {
    this.exchange = null;
    if (this.phase === CLOSED) return;
    if (!persist) this.close();
    else if (this.phase === BODY) {
      this.phase = DISCARD;
      this.discarded = 0;
      this.deadline.set(this.options.nowMs() + BODY_STALL_MS);
    } else this.awaitNext();
    this.resumeReading();
    this.work();
  }

  cut(): void {
    this.shut();
    this.stream.resetAndDestroy();
  }

  /** Closes when nothing is under way, else after the answer under way. */
  closeWhenIdle(): void {
    this.persistent = false;
    if (this.isIdle) this.close();
  }

  destroy(): void {
    this.gone();
    this.stream.destroy();
  }

  private received(bytes: Buffer): void {
    if (this.phase === CLOSED || this.phase === LINGER) return;
    const moved = this.input.push(bytes);
    if (this.phase === HEAD) this.head.rebase(moved);
    this.work();
  }

  /** Goes as far as the bytes so far allow. A request that is answered at once ends inside of this: a loop, not a recursion. */
  private work(): void {
    if (this.working) return;
    this.working = true;
    let progress = true;
    while (progress && this.input.length > 0) progress = this.step();
    this.working = false;
    if (this.phase === BODY) this.watchBody();
  }

  /** A body must keep coming, unless it is held back here, waits in a queue, or waits for a 100 from the service. */
  private watchBody(): void {
    const { exchange } = this;
    const awaited =
      exchange !== null &&
      exchange.upstream !== null &&
      this.reading &&
      (!this.head.expectsContinue || exchange.bytesIn > 0);
    if (awaited) this.deadline.set(this.options.nowMs() + BODY_STALL_MS);
    else this.deadline.clear();
  }

  /** False when more bytes, or the answer, must come first. */
  private step(): boolean {
    switch (this.phase) {
      case HEAD:
        return this.takeHead();
      case BODY:
        return this.passBody();
      case DISCARD:
        return this.discardBody();
      default:
        if (this.input.length > MAX_INPUT_BYTES) this.pauseReading();
        return false;
    }
  }

  private takeHead(): boolean {
    const { input, head, options } = this;
    const nowMs = options.nowMs();
    const progress = head.parse(input.bytes, input.start, input.end);
    if (progress === NEED_MORE) {
      if (!this.headBegun) this.deadline.set(nowMs + HEAD_MS);
      this.headBegun = true;
      return false;
    }
    this.headBegun = false;
    if (progress === FAULT) {
      this.refuseHead(head.fault!);
      return false;
    }
    input.use(head.end);
    this.persistent &&= isPersistent(head);
    this.body.begin(head.framing, head.contentLength);
    this.phase = this.body.done ? ANSWER : BODY;
    this.deadline.clear();
    const exchange = options.handler.begin(this, head, nowMs);
    this.exchange = exchange;
    options.handler.run(exchange);
    return true;
  }

  private passBody(): boolean {
    const { exchange } = this;
    if (exchange === null) return false;
    // Nobody takes the body yet: it waits here, up to a bound.
    if (exchange.upstream === null) {
      if (this.input.length >= MAX_INPUT_BYTES) this.pauseReading();
      return false;
    }
    const body = this.takeBody();
    if (body === null) return false;
    if (!this.options.handler.requestBody(exchange, body)) this.pauseReading();
    return true;
  }

  private discardBody(): boolean {
    const { input, body } = this;
    const end = body.scan(input.bytes, input.start, input.end);
    this.discarded += end - input.start;
    input.use(end);
    if (body.done) {
      this.awaitNext();
      return true;
    }
    if (body.fault !== null || this.discarded > MAX_DISCARD_BYTES) this.close();
    return false;
  }

  private awaitNext(): void {
    this.phase = HEAD;
    this.head.reset();
    this.deadline.set(this.options.nowMs() + KEEP_ALIVE_MS);
    if (!this.persistent) this.close();
  }

  private pauseReading(): void {
    if (!this.reading) return;
    this.reading = false;
    this.stream.pause();
    // It is not the client who is slow now.
    this.deadline.clear();
  }

  private refuseHead(fault: WireFault): void {
    this.persistent = false;
    this.phase = LINGER;
    this.options.handler.invalid(this, this.head, fault);
  }

  private refuseBody(fault: WireFault): void {
    this.persistent = false;
    this.options.handler.refuse(this.exchange!, fault.refusal, fault.detail);
  }

  private tooSlow(): void {
    const { exchange, phase } = this;
    if (phase === HEAD && this.headBegun) {
      this.refuseHead({ refusal: refusals.requestTimeout, detail: 'the head did not come in time' });
    } else if (phase === BODY && exchange !== null) {
      this.persistent = false;
      this.options.handler.refuse(exchange, refusals.requestTimeout, 'the body stopped coming');
    } else if (phase === LINGER) this.destroy();
    else if (phase !== CLOSED) this.close();
  }

  private drained(): void {
    const { exchange } = this;
    if (exchange === null) return;
    if (exchange.answerComplete) this.options.handler.flushed(exchange);
    else exchange.upstream?.resume();
  }

  /** Says that nothing more will come, and waits until the client has understood. */
  private close(): void {
    if (this.phase === CLOSED) return;
    this.phase = LINGER;
    this.input.clear();
    this.stream.end();
    this.resumeReading();
    this.deadline.set(this.options.nowMs() + LINGER_MS);
  }

  private gone(): void {
    if (this.phase === CLOSED) return;
    const { exchange } = this;
    this.shut();
    if (exchange !== null) this.options.handler.gone(exchange);
    this.stream.destroy();
  }

  private shut(): void {
    if (this.phase === CLOSED) return;
    this.phase = CLOSED;
    this.exchange = null;
    this.deadline.remove();
    this.alarm.remove();
    this.input.clear();
    this.options.closed(this);
  }
}
