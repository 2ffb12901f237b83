import type { Clock, Random } from '@fusebox/api/clock.ts';
import type { Exchange } from '../exchange.ts';
import { lastHopAnswer } from '../last-hop.ts';
import type { Refusal } from '../refusals.ts';
import { spansOf } from '../exchange-spans.ts';
import type { SpanRecord } from '../span-record.ts';
import { RefusalMessages } from '../refusal-message.ts';
import { connectionLine } from '../connection-line.ts';
import { oneWrite } from '../wire/one-write.ts';
import { forwardedAnswer } from '../wire/forwarded-head.ts';
import { FRAMING } from '../wire/message-head.ts';
import type { ResponseHead } from '../wire/response-head.ts';

export interface ReplyOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly pseudonym: string;
  /** `IMF-fixdate` of now (RFC 9110 §5.6.7). */
  readonly httpDate: () => string;
  /** Takes the spans of sampled exchanges; null: nobody does. */
  readonly exportSpan: () => ((span: SpanRecord) => void) | null;
  /** Writes a line for the exchange that ended, if it is to have one. */
  readonly logAccess: (exchange: Exchange) => void;
  /** While draining, answers ask the client to go elsewhere. */
  readonly draining: () => boolean;
  /** Takes the exchange back through the stages it passed. */
  readonly settle: (exchange: Exchange) => void;
}

/** Status for requests whose client left first, as nginx counts them; never sent. */
const CLIENT_CLOSED = 499;

/** The end of every exchange: the answer or refusal becomes bytes, stages settle, and what happened is counted. */
export class Reply {
  private readonly options: ReplyOptions;
  private readonly refusals: RefusalMessages;
  private readonly viaSuffix: string;

  constructor(options: ReplyOptions) {
    this.options = options;
    this.refusals = new RefusalMessages(options.pseudonym, options.random);
    this.viaSuffix = ` ${options.pseudonym}\r\n`;
  }

  /** The request is to go no further. */
  answerHere(exchange: Exchange): void {
    exchange.persists = this.mayPersist(exchange);
    exchange.status = 200;
    exchange.outcome = 'answered';
    exchange.committed = true;
    exchange.client.write(lastHopAnswer(exchange, this.options.httpDate()));
    this.finish(exchange);
  }

  /** Interim answers are for clients that know them (RFC 9110 §15.2). */
  interim(exchange: Exchange, head: ResponseHead): void {
    if (exchange.clientMinor === 0) return;
    exchange.client.write(forwardedAnswer(head, { added: this.via(head), clientMinor: 1, date: '' }));
  }

  /** Tells the client that the service has switched; a tunnel from here on. */
  switchProtocols(exchange: Exchange, head: ResponseHead): void {
    exchange.committed = true;
    exchange.client.write(forwardedAnswer(head, { added: this.via(head), clientMinor: 1, date: '' }));
    exchange.client.openTunnel();
  }

  /** Passes the final head on; false when the client takes no more for now. */
  answer(exchange: Exchange, head: ResponseHead, body: Buffer | null, complete: boolean): boolean {
    const { client, clientMinor } = exchange;
    exchange.persists =
      this.mayPersist(exchange) && head.framing !== FRAMING.close && !this.losesChunks(exchange, head);
    let added = this.via(head);
    added += connectionLine(exchange);
    const message = forwardedAnswer(head, { added, clientMinor, date: this.options.httpDate() });
    exchange.committed = true;
    if (body === null) return client.write(message);
    exchange.bytesOut += body.length;
    const whole = complete ? oneWrite(message, body) : null;
    if (whole !== null) return client.write(whole);
    client.write(message);
    return client.write(body);
  }

  /** A client of HTTP/1.0 cannot read chunks: it gets the data alone, and the end of the connection as the end. */
  private losesChunks(exchange: Exchange, head: ResponseHead): boolean {
    return exchange.clientMinor === 0 && head.framing === FRAMING.chunked;
  }

  /** Passes a part of the body on; false when the client takes no more for now. */
  body(exchange: Exchange, body: Buffer): boolean {
    exchange.bytesOut += body.length;
    return exchange.client.write(body);
  }

  /** Says no, or, when an answer is under way already, cuts it: a cut answer must not look whole. */
  refuse(exchange: Exchange, refusal: Refusal): void {
    if (exchange.finished) return;
    exchange.refusal = refusal;
    exchange.outcome ??= 'refused';
    if (exchange.committed) {
      this.end(exchange);
      exchange.client.cut();
      return;
    }
    exchange.status = refusal.status;
    exchange.persists = this.mayPersist(exchange) && refusal.status !== 400 && refusal.status !== 408;
    exchange.committed = true;
    const message = this.refusals.render(exchange, refusal, this.options.httpDate());
    exchange.client.write(message);
    this.end(exchange);
    exchange.client.answered(exchange.persists);
  }

  /** The answer's last byte has gone. */
  finish(exchange: Exchange): void {
    if (exchange.finished) return;
    this.end(exchange);
    exchange.client.answered(exchange.persists);
  }

  /** The client has gone; nobody is there to answer. */
  clientGone(exchange: Exchange): void {
    if (exchange.finished) return;
    exchange.nowMs = this.options.clock.nowMs();
    exchange.outcome = 'client-gone';
    if (!exchange.committed) exchange.status = CLIENT_CLOSED;
    this.end(exchange);
  }

  /** The client does not take the answer: as good as gone. */
  clientStalled(exchange: Exchange): void {
    this.clientGone(exchange);
    exchange.client.cut();
  }

  private mayPersist(exchange: Exchange): boolean {
    return exchange.client.persists && !this.options.draining();
  }

  private via(head: ResponseHead): string {
    return `Via: 1.${head.minor}${this.viaSuffix}`;
  }

  private end(exchange: Exchange): void {
    const { route, refusal, upstream } = exchange;
    exchange.finished = true;
    exchange.client.alarm.clear();
    exchange.replay = null;
    exchange.upstream = null;
    upstream?.release(exchange.answerComplete);
    this.options.settle(exchange);
    if (refusal !== null) route.metrics.refused(refusal);
    route.metrics.answered(exchange.status, (exchange.nowMs - exchange.startMs) / 1000);
    this.options.logAccess(exchange);
    if (exchange.events === null) return;
    const exportSpan = this.options.exportSpan();
    if (exportSpan === null) return;
    for (const span of spansOf(exchange, this.options.clock)) exportSpan(span);
  }
}
