import type { ClientSide, Exchange } from './exchange.ts';
import type { Refusal } from './refusals.ts';
import type { WireFault } from './wire/faults.ts';
import type { RequestHead } from './wire/request-head.ts';
import type { ResponseHead } from './wire/response-head.ts';

/** How an attempt may fail on the service's side. */
export type UpstreamFailure = 'connect' | 'reset' | 'protocol';

/** What a connection to the service tells of the exchange that it carries. */
export interface AnswerHandler {
  /** An interim answer (RFC 9110 §15.2). */
  interim(exchange: Exchange, head: ResponseHead): void;
  /** The service has switched to another protocol, as the client asked (RFC 9110 §7.8). */
  switched(exchange: Exchange, head: ResponseHead): void;
  /** The final head, and what came of the body with it; false: hold back until told to go on. */
  answer(exchange: Exchange, head: ResponseHead, body: Buffer | null, complete: boolean): boolean;
  /** More of the answer's body; false: hold back until told to go on. */
  answerBody(exchange: Exchange, body: Buffer | null, complete: boolean): boolean;
  /** The service takes more of the request's body, after it did not. */
  bodyDrained(exchange: Exchange): void;
  failed(exchange: Exchange, failure: UpstreamFailure, detail: string | null): void;
}

/** What a client's connection tells. */
export interface RequestHandler {
  /** A request's head is complete and valid. */
  begin(client: ClientSide, head: RequestHead, nowMs: number): Exchange;
  /** Takes what `begin` gave through the stages; it may have ended when this returns. */
  run(exchange: Exchange): void;
  /** What came is not a request. */
  invalid(client: ClientSide, head: RequestHead, fault: WireFault): void;
  /** More of the request's body has come; false: the service takes no more for now. */
  requestBody(exchange: Exchange, body: Buffer): boolean;
  /** The request cannot be completed. */
  refuse(exchange: Exchange, refusal: Refusal, detail: string): void;
  /** In a tunnel: the client has ended its direction. */
  ended(exchange: Exchange): void;
  /** The client has taken all that was written, after it had not. */
  flushed(exchange: Exchange): void;
  /** The deadline of the exchange has passed. */
  alarm(exchange: Exchange): void;
  gone(exchange: Exchange): void;
}
