import type { Alarm, ClientSide, Exchange } from '../exchange.ts';
import { refusals } from '../refusals.ts';
import type { WireFault } from '../wire/faults.ts';
import { isPersistent } from '../wire/forwarded-head.ts';
import { FAULT, NEED_MORE } from '../wire/message-head.ts';
import type { RequestHead } from '../wire/request-head.ts';
import type { ByteStream } from './byte-stream.ts';
import type { ClientOptions } from './client-options.ts';
import { ANSWER, BODY, CLOSED, DISCARD, HEAD, LINGER } from './client-phase.ts';
import {
  BODY_STALL_MS,
  FIRST_REQUEST_MS,
  HEAD_MS,
  KEEP_ALIVE_MS,
  LINGER_MS,
  MAX_INPUT_BYTES,
} from './client-limits.ts';
import { ClientStream } from './client-stream.ts';
import { InputBuffer } from './input-buffer.ts';
import { RequestBody } from './request-body.ts';

/** One client's connection: requests one after the other, each answered before the next is looked at (RFC 9112 §9.3.2). */
export class ClientConnection implements ClientSide {
  readonly alarm: Alarm;
  /** A request has come since the listener last looked for connections that can go. */
  wasUsed = false;
  private readonly stream: ClientStream;
  private readonly options: ClientOptions;
  private readonly input = new InputBuffer();
  /** Of the request that is coming or under way. */
  private head: RequestHead | null = null;
  private readonly body = new RequestBody();
  /** For the client's own slowness. */
  private readonly deadline: Alarm;
  private phase = HEAD;
  private exchange: Exchange | null = null;
  private working = false;
  private persistent = true;
  /** No request has come yet. */
  private isNew = true;

  constructor(stream: ByteStream, options: ClientOptions) {
    this.options = options;
    this.alarm = options.alarm(() => {
      if (this.exchange !== null) options.handler.alarm(this.exchange);
    });
    this.deadline = options.alarm(() => this.tooSlow());
    this.deadline.set(options.nowMs() + HEAD_MS);
    this.stream = new ClientStream(stream, {
      received: (bytes) => this.received(bytes),
      drained: () => this.drained(),
      ended: () => this.ended(),
      gone: () => this.gone(),
    });
  }

  get address(): string {
    return this.stream.address;
  }

  /** No request has come whole enough to be worked on; a part of the next head may have come. */
  get isBetweenRequests(): boolean {
    return this.phase === HEAD;
  }

  /** No request is under way. */
  get isIdle(): boolean {
    return this.phase === HEAD && this.input.length === 0;
  }

  get requestComplete(): boolean {
    return this.phase === ANSWER;
  }

  get persists(): boolean {
    return this.persistent && (this.phase === ANSWER || (this.phase === BODY && this.body.isDiscardable));
  }

  get isFlushed(): boolean {
    return this.stream.isFlushed;
  }

  takeBody(): Buffer | null {
    if (this.phase !== BODY) return null;
    const piece = this.body.take(this.input);
    if (this.body.fault !== null) {
      this.refuseRequest(this.body.fault);
      return null;
    }
    if (this.body.done) {
      this.phase = ANSWER;
      this.deadline.clear();
    }
    if (this.input.length < MAX_INPUT_BYTES) this.resumeReading();
    if (piece === null) return null;
    this.exchange!.bytesIn += piece.length;
    return piece;
  }

  resumeReading(): void {
    if (this.phase === CLOSED) return;
    this.stream.resume();
    if (this.phase === BODY) this.watchBody();
  }

  write(data: string | Buffer): boolean {
    return this.stream.write(data);
  }

  answered(persist: boolean): void {
    this.exchange = null;
    if (this.phase === CLOSED) return;
    if (!persist) this.close();
    else if (this.phase === BODY) {
      this.phase = DISCARD;
      this.deadline.set(this.options.nowMs() + BODY_STALL_MS);
    } else this.awaitNext();
    this.stream.resume();
    this.work();
  }

  openTunnel(): void {
    this.persistent = false;
    this.phase = BODY;
    this.body.beginTunnel();
    this.deadline.clear();
    this.work();
  }

  endTunnel(): void {
    this.stream.end();
  }

  cut(): void {
    this.shut();
    this.releaseHead();
    this.stream.reset();
  }

  /** Closes when nothing is under way, else after the answer under way. Of a new connection the first request is on its way, and is served. */
  closeWhenIdle(): void {
    this.persistent = false;
    if (!this.isIdle) return;
    if (this.isNew) this.deadline.set(this.options.nowMs() + FIRST_REQUEST_MS);
    else this.close();
  }

  destroy(): void {
    this.gone();
  }

  private received(bytes: Buffer): void {
    if (this.phase === CLOSED) return;
    const moved = this.input.push(bytes);
    if (this.phase === HEAD) this.head?.rebase(moved);
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
        if (this.input.length > MAX_INPUT_BYTES) this.stream.pause();
        return false;
    }
  }

  private takeHead(): boolean {
    const { input, options } = this;
    const isBegun = this.head !== null;
    const head = (this.head ??= options.heads.take());
    const nowMs = options.nowMs();
    const progress = head.parse(input.bytes, input.start, input.end);
    if (progress === NEED_MORE) {
      if (!isBegun) this.deadline.set(nowMs + HEAD_MS);
      return false;
    }
    this.isNew = false;
    if (progress === FAULT) {
      this.refuseHead(head, head.fault!);
      return false;
    }
    input.use(head.end);
    this.wasUsed = true;
    this.persistent &&= isPersistent(head);
    this.body.begin(head, options.maxBodyBytes);
    this.phase = this.body.done ? ANSWER : BODY;
    this.deadline.clear();
    const exchange = options.handler.begin(this, head, nowMs);
    this.exchange = exchange;
    if (this.body.fault === null) options.handler.run(exchange);
    else this.refuseRequest(this.body.fault);
    return true;
  }

  private passBody(): boolean {
    const { exchange } = this;
    if (exchange === null) return false;
    // Nobody takes the body yet: it waits here, up to a bound.
    if (exchange.upstream === null) {
      if (this.input.length >= MAX_INPUT_BYTES) this.stream.pause();
      return false;
    }
    const body = this.takeBody();
    if (body === null) return false;
    if (!this.options.handler.requestBody(exchange, body)) this.stream.pause();
    return true;
  }

  private discardBody(): boolean {
    if (!this.body.discard(this.input)) this.close();
    else if (this.body.done) this.awaitNext();
    return this.phase === HEAD;
  }

  private awaitNext(): void {
    this.phase = HEAD;
    this.releaseHead();
    this.deadline.set(this.options.nowMs() + KEEP_ALIVE_MS);
    if (!this.persistent) this.close();
  }

  /** A body must keep coming, unless it is held back here, waits in a queue, or waits for a 100 from the service. */
  private watchBody(): void {
    const { exchange } = this;
    const isAwaited = exchange !== null && exchange.upstream !== null && !exchange.tunnel && this.stream.reading;
    if (isAwaited && !this.body.awaitsContinue) this.deadline.set(this.options.nowMs() + BODY_STALL_MS);
    else this.deadline.clear();
  }

  private refuseHead(head: RequestHead, fault: WireFault): void {
    this.persistent = false;
    this.phase = LINGER;
    this.options.handler.invalid(this, head, fault);
  }

  private refuseRequest({ refusal, detail }: WireFault): void {
    this.persistent = false;
    this.options.handler.refuse(this.exchange!, refusal, detail);
  }

  private tooSlow(): void {
    const { phase, options } = this;
    const refusal = refusals.requestTimeout;
    if (phase === HEAD && this.head !== null) {
      this.refuseHead(this.head, { refusal, detail: 'the head did not come in time' });
    } else if (phase === BODY) this.refuseRequest({ refusal, detail: 'the body stopped coming' });
    else if (phase !== LINGER) this.close();
    else if (this.stream.isLingering(options.nowMs())) this.deadline.set(options.nowMs() + LINGER_MS);
    else this.destroy();
  }

  private drained(): void {
    const { exchange } = this;
    if (exchange === null) return;
    if (exchange.answerComplete) this.options.handler.flushed(exchange);
    else exchange.upstream?.resume();
  }

  private close(): void {
    if (this.phase === CLOSED) return;
    const nowMs = this.options.nowMs();
    this.phase = LINGER;
    this.input.clear();
    this.stream.linger(nowMs);
    this.deadline.set(nowMs + LINGER_MS);
  }

  /** Half-close outside of a tunnel means that the client has gone (ADR 0008). If it has not, what it got of an answer must not look whole. */
  private ended(): void {
    const { exchange } = this;
    if (exchange?.tunnel === true) this.options.handler.ended(exchange);
    else if (exchange?.committed === true) {
      this.cut();
      this.options.handler.gone(exchange);
    } else this.gone();
  }

  private gone(): void {
    if (this.phase === CLOSED) return;
    const { exchange } = this;
    this.shut();
    if (exchange !== null) this.options.handler.gone(exchange);
    this.releaseHead();
    this.stream.destroy();
  }

  private releaseHead(): void {
    if (this.head !== null) this.options.heads.give(this.head);
    this.head = null;
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
