import type { Clock } from '@fusebox/api/clock.ts';
import type { Exchange, Pool } from '../exchange.ts';
import type { AnswerHandler, UpstreamFailure } from '../handlers.ts';
import { refusals, type Refusal } from '../refusals.ts';
import type { SpanEvent } from '../span-record.ts';
import { traceEdits, type Propagators } from '../trace-headers.ts';
import { oneWrite } from '../wire/one-write.ts';
import { forwardedRequest } from '../wire/forwarded-head.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import type { Reply } from './reply.ts';

export interface UpstreamOptions {
  readonly pool: Pool;
  readonly reply: Reply;
  readonly clock: Clock;
  /** Name of this instance in `Via`. */
  readonly pseudonym: string;
  /** `Host` for clients that named none. */
  readonly authority: string;
  readonly propagators: Propagators;
}

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** One attempt at the service, with its deadline; the bodies are passed on as they come. The last stage inbound. */
export class Upstream implements AnswerHandler {
  private readonly options: UpstreamOptions;
  private readonly viaSuffix: string;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.viaSuffix = ` ${options.pseudonym}\r\n`;
  }

  /** Sends the head, and as much of the body as has come. */
  send(exchange: Exchange): void {
    const { client, head } = exchange;
    const edits = traceEdits(exchange, this.options.propagators);
    const message = forwardedRequest(head, {
      added: `Via: 1.${head.minor}${this.viaSuffix}${edits.added}`,
      replaced: edits.replaced,
      authority: this.options.authority,
    });
    const body = client.takeBody();
    if (exchange.finished) return;
    const upstream = this.options.pool.take();
    exchange.upstream = upstream;
    exchange.sentMs = exchange.nowMs;
    const whole = body === null ? message : oneWrite(message, body);
    if (whole !== null) {
      // Only what went out whole in its first write can be sent again: nothing else is kept (RFC 9110 §9.2.2).
      if (upstream.reused && client.requestComplete && idempotent.has(exchange.method)) exchange.replay = whole;
      this.awaitHead(exchange, upstream.send(exchange, whole));
    } else {
      upstream.send(exchange, message);
      this.awaitHead(exchange, upstream.write(body!));
    }
  }

  /** More of the request's body; false: the service takes no more for now. */
  sendBody(exchange: Exchange, body: Buffer): boolean {
    exchange.replay = null;
    exchange.nowMs = exchange.sentMs = this.options.clock.nowMs();
    const flowing = exchange.upstream!.write(body);
    if (!exchange.committed) this.awaitHead(exchange, flowing);
    else if (exchange.tunnel) this.awaitMore(exchange);
    return flowing;
  }

  /** The service takes more of the request's body, after it did not. */
  bodyDrained(exchange: Exchange): void {
    exchange.nowMs = this.options.clock.nowMs();
    if (!exchange.committed) this.awaitHead(exchange, true);
    exchange.client.resumeReading();
  }

  /** `timeout` runs while it is the service's turn: it has the whole request, or does not take more, or is to say 100 (ADR 0014). */
  private awaitHead(exchange: Exchange, flowing: boolean): void {
    const { settings, mode } = exchange.route;
    if (mode !== 'Enforce') return;
    const { client, head, bytesIn } = exchange;
    const isItsTurn = client.requestComplete || !flowing || (head.expectsContinue && bytesIn === 0);
    this.setAlarm(exchange, isItsTurn ? settings.timeoutMs : null);
  }

  /** `idleTimeout` runs between bytes after the head. */
  private awaitMore(exchange: Exchange): void {
    const { settings, mode } = exchange.route;
    if (mode === 'Enforce') this.setAlarm(exchange, settings.idleTimeoutMs);
  }

  private setAlarm(exchange: Exchange, withinMs: number | null): void {
    const { maxDurationMs } = exchange.route.settings;
    let atMs = withinMs === null ? Infinity : exchange.nowMs + withinMs;
    if (maxDurationMs !== null) atMs = Math.min(atMs, exchange.startMs + maxDurationMs);
    if (atMs === Infinity) exchange.client.alarm.clear();
    else exchange.client.alarm.set(atMs);
  }

  /** `timeout`, `idleTimeout` or `maxDuration` has passed. */
  timedOut(exchange: Exchange): void {
    // A client that does not read is no fault of the service, which has done its part.
    if (exchange.answerComplete || exchange.upstream?.isHeldBack === true) this.options.reply.clientStalled(exchange);
    else this.fail(exchange, 'timeout', refusals.timeout);
  }

  /** An interim answer (RFC 9110 §15.2). */
  interim(exchange: Exchange, head: ResponseHead): void {
    exchange.replay = null;
    // 101 answers an `Upgrade`, which was not passed on.
    if (head.status === 101) this.failed(exchange, 'protocol', 'it switched protocols unasked (RFC 9110 §15.2.2)');
    else {
      // 100: now it is the client's turn to send.
      if (!exchange.client.requestComplete) this.setAlarm(exchange, null);
      this.options.reply.interim(exchange, head);
    }
  }

  switched(exchange: Exchange, head: ResponseHead): void {
    exchange.nowMs = exchange.answeredMs = this.options.clock.nowMs();
    exchange.status = head.status;
    exchange.outcome = 'answered';
    exchange.tunnel = true;
    this.awaitMore(exchange);
    this.options.reply.switchProtocols(exchange, head);
  }

  /** In a tunnel: the client has ended its direction. */
  clientEnded(exchange: Exchange): void {
    exchange.clientEnded = true;
    exchange.upstream?.end();
    if (exchange.answerComplete) this.options.reply.finish(exchange);
  }

  /** The final head, and what came of the body with it; false: hold back until the client has taken it. */
  answer(exchange: Exchange, head: ResponseHead, body: Buffer | null, complete: boolean): boolean {
    exchange.nowMs = exchange.answeredMs = this.options.clock.nowMs();
    exchange.replay = null;
    exchange.status = head.status;
    exchange.outcome = 'answered';
    const { settings, mode, metrics } = exchange.route;
    if (mode === 'Shadow' && settings.timeoutMs !== null && exchange.nowMs - exchange.sentMs > settings.timeoutMs) {
      metrics.wouldRefuse(refusals.timeout);
    }
    if (!complete) this.awaitMore(exchange);
    const flowing = this.options.reply.answer(exchange, head, body, complete);
    this.passed(exchange, complete, flowing);
    return flowing;
  }

  /** More of the answer's body; false: hold back until the client has taken it. */
  answerBody(exchange: Exchange, body: Buffer | null, complete: boolean): boolean {
    exchange.nowMs = this.options.clock.nowMs();
    this.awaitMore(exchange);
    const flowing = body === null || this.options.reply.body(exchange, body);
    this.passed(exchange, complete, flowing);
    return flowing;
  }

  private passed(exchange: Exchange, complete: boolean, flowing: boolean): void {
    if (!complete) return;
    exchange.answerComplete = true;
    if (exchange.tunnel && !exchange.clientEnded) exchange.client.endTunnel();
    else if (flowing) this.options.reply.finish(exchange);
  }

  /** The service failed. Tries once more where that is safe: a reused connection may have been closed while the request was on its way. */
  failed(exchange: Exchange, failure: UpstreamFailure, detail: string | null): void {
    if (exchange.replay !== null && failure === 'reset') {
      const message = exchange.replay;
      exchange.replay = null;
      exchange.upstream!.release(false);
      exchange.upstream = this.options.pool.connect();
      exchange.upstream.send(exchange, message);
      exchange.events?.push(this.event('retry'));
      return;
    }
    exchange.detail = detail;
    if (failure === 'connect') this.fail(exchange, 'connect', refusals.upstreamConnect);
    else this.fail(exchange, 'reset', failure === 'reset' ? refusals.upstreamReset : refusals.upstreamProtocol);
  }

  private fail(exchange: Exchange, outcome: 'connect' | 'reset' | 'timeout', refusal: Refusal): void {
    exchange.nowMs = this.options.clock.nowMs();
    exchange.outcome = outcome;
    this.options.reply.refuse(exchange, refusal);
  }

  private event(name: string): SpanEvent {
    return { name, wallMs: this.options.clock.wallMs() };
  }
}
