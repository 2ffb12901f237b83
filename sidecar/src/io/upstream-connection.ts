import type { Exchange, UpstreamSide } from '../exchange.ts';
import type { AnswerHandler } from '../handlers.ts';
import { BodyScanner } from '../wire/body-scanner.ts';
import { keepAliveSeconds } from '../wire/connection-options.ts';
import { allowsReuse, SWITCHING_PROTOCOLS } from '../wire/forwarded-head.ts';
import { FAULT, FRAMING, NEED_MORE } from '../wire/message-head.ts';
import { ResponseHead } from '../wire/response-head.ts';
import type { ByteStream } from './byte-stream.ts';
import { InputBuffer } from './input-buffer.ts';

/** Takes what came, in memory that is used again afterwards, unless it says true: then somebody still needs the bytes. */
export type Receive = (bytes: Buffer) => boolean;

/** Begins to connect to the service. */
export type Connect = (receive: Receive) => ByteStream;

/** Where a connection goes when its exchange has ended. */
export interface ConnectionHome {
  /** It may carry another request; the service keeps it open for `keepAliveMs` (-1: it did not say). */
  idle(connection: UpstreamConnection, keepAliveMs: number): void;
  /** It is of no more use. */
  gone(connection: UpstreamConnection): void;
}

/** One connection to the service: one exchange at a time, its answer parsed as strictly as a request. */
export class UpstreamConnection implements UpstreamSide {
  reused = false;
  /** Monotonic time (ms) after which it is not used again; set by the pool. */
  idleUntilMs = Infinity;
  dead = false;
  private readonly stream: ByteStream;
  private readonly home: ConnectionHome;
  private readonly handler: AnswerHandler;
  private readonly head = new ResponseHead();
  private readonly body = new BodyScanner();
  private readonly input = new InputBuffer();
  private exchange: Exchange | null = null;
  private connected = false;
  private inBody = false;
  private paused = false;
  private reusable = false;
  private keepAliveMs = -1;
  /** A client that cannot read chunks gets the data alone. */
  private unchunked: Buffer[] | null = null;

  constructor(connect: Connect, home: ConnectionHome, handler: AnswerHandler) {
    const stream = connect((bytes) => this.received(bytes));
    this.stream = stream;
    this.home = home;
    this.handler = handler;
    stream.on('connect', () => {
      this.connected = true;
    });
    stream.on('drain', () => {
      if (this.exchange !== null) handler.bodyDrained(this.exchange);
    });
    stream.on('end', () => this.ended());
    stream.on('error', () => this.lost());
    stream.on('close', () => this.lost());
  }

  send(exchange: Exchange, message: string): boolean {
    this.exchange = exchange;
    this.inBody = false;
    this.reusable = false;
    this.head.reset();
    return this.stream.write(message, 'latin1');
  }

  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.stream.write(data, 'latin1') : this.stream.write(data);
  }

  end(): void {
    this.stream.end();
  }

  get isHeldBack(): boolean {
    return this.paused;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.stream.resume();
  }

  release(answerComplete: boolean): void {
    const complete = this.exchange?.client.requestComplete === true;
    this.exchange = null;
    this.unchunked = null;
    if (this.dead) return;
    // Bytes after an answer belong to no request: whatever they are, they must not meet the next one.
    if (!answerComplete || !complete || !this.reusable || this.input.length > 0) {
      this.destroy();
      return;
    }
    this.resume();
    this.reused = true;
    this.home.idle(this, this.keepAliveMs);
  }

  destroy(): void {
    this.dead = true;
    this.exchange = null;
    this.stream.destroy();
    this.home.gone(this);
  }

  /** True: somebody holds on to these bytes, be it this connection or the client that has not taken them yet. */
  private received(bytes: Buffer): boolean {
    if (this.dead) return false;
    if (this.exchange === null) {
      // A service that speaks unasked, or a late 408: this connection can't be trusted.
      this.destroy();
      return false;
    }
    const { client } = this.exchange;
    this.take(bytes, this.exchange);
    return this.input.length > 0 || !client.isFlushed;
  }

  private take(bytes: Buffer, exchange: Exchange): void {
    // It was not dead: what the service has begun to answer is not sent to it again.
    exchange.replay = null;
    const moved = this.input.push(bytes);
    if (!this.inBody) this.head.rebase(moved);
    while (this.exchange !== null && this.input.length > 0) {
      if (this.inBody) {
        this.takeBody(this.exchange);
        return;
      }
      if (!this.takeHead(this.exchange)) return;
    }
  }

  /** False when nothing more can be done with the bytes so far. */
  private takeHead(exchange: Exchange): boolean {
    const { input, head } = this;
    const progress = head.parse(input.bytes, input.start, input.end, exchange.method === 'HEAD');
    if (progress === NEED_MORE) return false;
    if (progress === FAULT) {
      this.handler.failed(exchange, 'protocol', head.fault!.detail);
      return false;
    }
    input.use(head.end);
    if (head.status === SWITCHING_PROTOCOLS && exchange.head.upgrades) {
      this.openTunnel(exchange);
      return true;
    }
    if (head.isInterim) {
      this.handler.interim(exchange, head);
      head.reset();
      return true;
    }
    this.beginBody(exchange);
    return false;
  }

  /** From here on everything belongs to the tunnel: the same as a body that ends with its connection. */
  private openTunnel(exchange: Exchange): void {
    this.head.framing = FRAMING.close;
    this.inBody = true;
    this.body.begin(FRAMING.close, 0);
    this.handler.switched(exchange, this.head);
  }

  private beginBody(exchange: Exchange): void {
    const { head, body } = this;
    this.inBody = true;
    // Who was asked for another protocol may still take what follows for that.
    this.reusable = allowsReuse(head) && !exchange.head.upgrades;
    const seconds = keepAliveSeconds(head);
    this.keepAliveMs = seconds < 0 ? -1 : seconds * 1000;
    body.begin(head.framing, head.contentLength);
    if (exchange.clientMinor === 0 && head.framing === FRAMING.chunked) {
      const pieces: Buffer[] = [];
      this.unchunked = pieces;
      body.onData = (bytes, start, end) => pieces.push(bytes.subarray(start, end));
    }
    const piece = this.scan();
    if (body.fault !== null) this.handler.failed(exchange, 'protocol', body.fault.detail);
    else this.holdBack(exchange, !this.handler.answer(exchange, head, piece, body.done));
  }

  private takeBody(exchange: Exchange): void {
    const piece = this.scan();
    if (this.body.fault !== null) this.handler.failed(exchange, 'protocol', this.body.fault.detail);
    else if (piece !== null || this.body.done) {
      this.holdBack(exchange, !this.handler.answerBody(exchange, piece, this.body.done));
    }
  }

  private holdBack(exchange: Exchange, congested: boolean): void {
    if (!congested || this.exchange !== exchange || this.paused) return;
    this.paused = true;
    this.stream.pause();
  }

  /** The bytes of the body among those that have come; null when there are none. */
  private scan(): Buffer | null {
    const { input, body } = this;
    const { bytes, start } = input;
    const end = body.scan(bytes, start, input.end);
    input.use(end);
    if (this.unchunked !== null) {
      const data = this.unchunked.length === 0 ? null : Buffer.concat(this.unchunked);
      this.unchunked.length = 0;
      return data;
    }
    return end === start ? null : bytes.subarray(start, end);
  }

  /** The service has sent all it will. */
  private ended(): void {
    const { exchange } = this;
    if (exchange !== null && this.inBody && this.head.framing === FRAMING.close)
      this.handler.answerBody(exchange, null, true);
    else this.lost();
    // In a tunnel the other direction may go on.
    if (!this.dead && !(this.exchange?.tunnel === true)) this.destroy();
  }

  /** The connection broke. */
  private lost(): void {
    if (this.dead) return;
    this.dead = true;
    this.stream.destroy();
    this.home.gone(this);
    const { exchange } = this;
    if (exchange !== null) this.handler.failed(exchange, this.connected ? 'reset' : 'connect', null);
  }
}
